import assert from 'node:assert/strict';
import type { Clock } from '@ramet/service';
import { openMaterial } from './material.js';
import { type SigningKey, SigningKeys, type SigningKeysOptions } from './signing-keys.js';

const GRANTEE = { cloneId: 'cln_1', executionId: 'exe_1', epoch: 1 };

describe('opened keys', () => {
  it('are opened once for all who ask meanwhile', async () => {
    const { keys, opened } = setUp();

    const found = await Promise.all([keys.find(GRANTEE, 'key_1'), keys.find(GRANTEE, 'key_1')]);

    assert.equal(found[0], found[1]);
    assert.equal(await keys.find(GRANTEE, 'key_1'), found[0]);
    assert.equal(opened(), 1);
  });

  it('are apart for every part of who uses them', async () => {
    const { keys, opened } = setUp();
    await keys.find(GRANTEE, 'key_1');

    for (const other of [{ cloneId: 'cln_2' }, { executionId: 'exe_2' }, { epoch: 2 }]) {
      assert.equal(keys.peek({ ...GRANTEE, ...other }, 'key_1'), undefined);
    }
    assert.equal(keys.peek(GRANTEE, 'key_2'), undefined);
    assert.equal(opened(), 1);
  });

  it('are closed after their time, also when nobody asks', async () => {
    const { keys, clock } = setUp({ ttlMs: 60_000 });
    await keys.find(GRANTEE, 'key_1');

    clock.move(60_000);

    assert.equal(keys.peek(GRANTEE, 'key_1'), undefined);
    assert.equal(keys.size, 0);
  });

  it('are never more than allowed: the oldest goes', async () => {
    const { keys } = setUp({ max: 2 });
    for (const id of ['key_1', 'key_2', 'key_3']) await keys.find(GRANTEE, id);

    assert.equal(keys.size, 2);
    assert.equal(keys.peek(GRANTEE, 'key_1'), undefined);
  });

  it('are closed by a change, even while they are being opened', async () => {
    const { keys } = setUp();
    await keys.find(GRANTEE, 'key_1');
    keys.drop('key_1');
    assert.equal(keys.peek(GRANTEE, 'key_1'), undefined);

    const opening = keys.find(GRANTEE, 'key_1');
    keys.drop('key_1');
    assert.ok(await opening);
    assert.equal(keys.peek(GRANTEE, 'key_1'), undefined);
  });

  it('do not remember what was not there, or failed', async () => {
    let asked = 0;
    const { keys } = setUp({
      load: async () => {
        asked += 1;
        if (asked === 1) throw new Error('the database is away');
        return undefined;
      },
    });

    await assert.rejects(keys.find(GRANTEE, 'key_1'));
    assert.equal(await keys.find(GRANTEE, 'key_1'), undefined);
    assert.equal(await keys.find(GRANTEE, 'key_1'), undefined);
    assert.equal(asked, 3);
  });
});

function setUp(options: Partial<SigningKeysOptions> = {}) {
  const clock = steppedClock();
  let count = 0;
  const load: SigningKeysOptions['load'] = async (_, id): Promise<SigningKey> => {
    count += 1;
    const opened = openMaterial('hmac_sha256', Buffer.alloc(32, count));
    const rest = {
      algorithm: 'hmac_sha256',
      venue: '',
      venueKeyId: '',
      passphrase: () => '',
    } as const;
    const publicKey = Buffer.alloc(0);
    const grant = {
      grantId: 'gra_1',
      version: 1,
      ownerId: 'usr_1',
      rules: {},
      operations: ['raw'] as const,
      retireAt: null,
    };
    return { id, ...grant, opened, publicKey, ...rest };
  };
  const keys = new SigningKeys({ load, clock, ...options });
  return { keys, clock, opened: () => count };
}

/** A clock that a test moves: what is due by then is called back. */
function steppedClock(): Clock & { move(ms: number): void } {
  let elapsed = 0;
  let due: (readonly [number, () => void])[] = [];
  return {
    now: () => new Date(elapsed),
    elapsed: () => elapsed,
    sleep: async () => undefined,
    after(ms, callback) {
      const entry = [elapsed + ms, callback] as const;
      due.push(entry);
      return () => {
        due = due.filter((each) => each !== entry);
      };
    },
    move(ms) {
      elapsed += ms;
      const now = due.filter(([at]) => at <= elapsed);
      due = due.filter(([at]) => at > elapsed);
      for (const [, callback] of now) callback();
    },
  };
}
