import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { claimRequestId, findRequestId, fingerprint } from './request-ids.js';
import { openColony } from './support/fixture.js';

/** Runs something as another caller would: outside of any transaction that is open here. */
const outside = AsyncLocalStorage.snapshot();

const REUSED = { code: 'already_exists', reason: 'REQUEST_ID_REUSED' };
const request = {
  caller: 'user:usr_1',
  requestId: 'req_1',
  fingerprint: fingerprint(Buffer.from('make a bot')),
};

describe('claimRequestId', () => {
  it('is new once, then gives what the first one made', async () => {
    await using colony = await openColony();
    const claim = (resourceId: string) =>
      colony.db.transaction((tx) => claimRequestId(tx, { ...request, resourceId }));
    assert.equal(await claim('bot_1'), 'new');
    assert.deepEqual(await claim('bot_2'), { resourceId: 'bot_1' });
    assert.deepEqual(await findRequestId(colony.db, request), { resourceId: 'bot_1' });
  });

  it('refuses another request of the same id', async () => {
    await using colony = await openColony();
    await claimRequestId(colony.db, { ...request, resourceId: 'bot_1' });
    const other = { ...request, fingerprint: fingerprint(Buffer.from('make a team')) };
    await assert.rejects(claimRequestId(colony.db, { ...other, resourceId: 'tem_1' }), REUSED);
    await assert.rejects(findRequestId(colony.db, other), REUSED);
  });

  it('keeps the ids of callers apart, and takes no notice of empty ones', async () => {
    await using colony = await openColony();
    const claim = (changes: object) =>
      claimRequestId(colony.db, { ...request, resourceId: 'bot_1', ...changes });
    assert.equal(await claim({}), 'new');
    assert.equal(await claim({ caller: 'user:usr_2' }), 'new');
    assert.equal(await claim({ requestId: '' }), 'new');
    assert.equal(await claim({ requestId: '' }), 'new');
  });

  it('has one winner among twins that come at once', async () => {
    await using colony = await openColony();
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        colony.db.transaction((tx) =>
          claimRequestId(tx, { ...request, resourceId: `bot_${index}` }),
        ),
      ),
    );
    const losers = claims.filter((claim) => claim !== 'new');
    assert.equal(losers.length, 7);
    assert.equal(new Set(losers.map(({ resourceId }) => resourceId)).size, 1);
  });

  it('goes to the twin when the first one fails', async () => {
    await using colony = await openColony();
    const { db } = colony;
    let twin: Promise<unknown> | undefined;
    const first = db.transaction(async (tx) => {
      await claimRequestId(tx, { ...request, resourceId: 'bot_1' });
      // It must not inherit the transaction: it is another caller's.
      twin = outside(() =>
        db.transaction((own) => claimRequestId(own, { ...request, resourceId: 'bot_2' })),
      );
      throw new Error('no room');
    });
    await assert.rejects(first, /no room/);
    assert.equal(await twin, 'new');
  });
});

describe('fingerprint', () => {
  it('depends on the request and on the key', () => {
    const text = Buffer.from('secret');
    const key = Buffer.alloc(32, 1);
    const digests = [fingerprint(text), fingerprint(text, key), fingerprint(Buffer.from('x'), key)];
    assert.equal(new Set(digests.map(String)).size, 3);
    assert.deepEqual(fingerprint(text, key), fingerprint(text, key));
  });
});
