// Goal: what the database decides of a batch: who may sign at this moment, how often, how fast, and
// with which nonce.
// Method: the function itself, on a session whose clock is stopped; grants are made by the service.
import assert from 'node:assert/strict';
import type { Session } from '@ramet/database';
import { systemIds } from '@ramet/service';
import { authorize, newTenant, startWorld, type World } from '../support/world.js';

const AT = Date.parse('2030-01-01T00:00:00Z');

const LATE = new Date(AT + 86_400_000);
const LIVE = { expires_at: LATE, lease_until: LATE };

type Columns = Readonly<Record<string, unknown>>;

interface Asked {
  readonly grant: string;
  readonly request: string;
  readonly wantsNonce?: boolean;
  readonly version?: number;
}

interface Answer {
  readonly verdict: string;
  readonly nonce: string;
  readonly wait: string;
}

describe('accept_signatures', () => {
  let world: World;
  let session: Session;
  let batch = 0;

  before(async () => {
    world = await startWorld();
    session = await world.db.reserve();
  });

  after(async () => {
    await session?.[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  it('refuses for each state of a grant and its key, in this order', async () => {
    const past = new Date(AT - 1_000);
    const future = new Date(AT + 1_000);
    const states = [
      ['revoked_at', past, 'revoked'],
      ['disabled', true, 'disabled'],
      ['valid_from', future, 'not_yet_valid'],
      ['valid_until', past, 'no_longer_valid'],
      ['expires_at', past, 'expired'],
      ['lease_until', past, 'lease_expired'],
    ] as const;
    const grant = await grantWith({});
    for (const [column, value, verdict] of [...states].reverse()) {
      await change(grant, { [column]: value });
      const [answer] = await accept([{ grant, request: 'r1' }]);
      assert.equal(answer?.verdict, verdict);
    }
    const [unknown] = await accept([{ grant: 'gra_none', request: 'r1' }]);
    assert.equal(unknown?.verdict, 'unknown');
  });

  it('accepts nothing while the service is sealed, not even again', async () => {
    const grant = await grantWith({});
    assert.deepEqual(words(await accept([{ grant, request: 'r1' }])), ['accepted']);

    await session.query('begin');
    await session.query('update seal set sealed = true');
    const meanwhile = await accept([
      { grant, request: 'r1' },
      { grant, request: 'r2' },
    ]);
    await session.query('rollback');

    assert.deepEqual(words(meanwhile), ['sealed', 'sealed']);
    assert.deepEqual(words(await accept([{ grant, request: 'r2' }])), ['accepted']);
  });

  it('ends a state at its very moment', async () => {
    const now = new Date(AT);
    for (const [column, verdict] of [
      ['valid_until', 'no_longer_valid'],
      ['expires_at', 'expired'],
      ['lease_until', 'lease_expired'],
    ] as const) {
      const grant = await grantWith({ [column]: now });
      assert.deepEqual(await verdicts(grant, 1, AT), [verdict]);
      assert.deepEqual(await verdicts(grant, 1, AT - 1), ['accepted']);
    }
    const grant = await grantWith({ valid_from: now });
    assert.deepEqual(await verdicts(grant, 1, AT - 1), ['not_yet_valid']);
    assert.deepEqual(await verdicts(grant, 1, AT), ['accepted']);
  });

  it('lets a burst pass, then so many a second, and says how long to wait', async () => {
    const grant = await grantWith({ ...rate(2, 3), tokens: 3 });

    const first = await accept(asks(grant, 5));
    assert.deepEqual(words(first), [...Array(3).fill('accepted'), 'too_fast', 'too_fast']);
    assert.deepEqual(
      first.map(({ wait }) => wait),
      ['', '', '', '500', '1000'],
    );
    assert.deepEqual(await verdicts(grant, 2, AT + 499), ['too_fast', 'too_fast']);
    assert.deepEqual(await verdicts(grant, 2, AT + 500), ['accepted', 'too_fast']);
    // However long nobody signs, no more than a burst is saved.
    const later = await verdicts(grant, 9, AT + 3_600_000);
    assert.equal(later.filter((verdict) => verdict === 'accepted').length, 3);
  });

  it('gives nothing back to a rate when its clock goes backwards', async () => {
    const grant = await grantWith({ ...rate(1, 1), tokens: 1 });

    assert.deepEqual(await verdicts(grant, 1, AT + 5_000), ['accepted']);
    assert.deepEqual(await verdicts(grant, 1, AT), ['too_fast']);
  });

  it('counts by uses and by rate at once, and what is refused by neither', async () => {
    const grant = await grantWith({ ...rate(1, 4), tokens: 4, max_uses: 6 });

    assert.deepEqual(await verdicts(grant, 5), [...Array(4).fill('accepted'), 'too_fast']);
    assert.deepEqual(await verdicts(grant, 5, AT + 4_000), [
      ...['accepted', 'accepted', 'used_up', 'used_up', 'used_up'],
    ]);
    assert.deepEqual(await read(grant), { uses: 6n, tokens: 2 });
  });

  it('costs a repeated request neither a use nor of the rate', async () => {
    const grant = await grantWith({ ...rate(1, 1), tokens: 1, max_uses: 1 });
    const ask = { grant, request: 'again' };

    assert.deepEqual(words(await accept([ask])), ['accepted']);
    assert.deepEqual(words(await accept([ask])), ['seen']);
    assert.deepEqual(await read(grant), { uses: 1n, tokens: 0 });
  });

  it('gives nonces that rise, be the clock as it may, and a repeated request its own', async () => {
    const grant = await grantWith({});
    const nonces = async (at: number, requests: readonly string[]) =>
      (
        await accept(
          requests.map((request) => ({ grant, request, wantsNonce: true })),
          at,
        )
      ).map(({ nonce }) => BigInt(nonce));

    const first = await nonces(AT, ['a', 'b']);
    assert.deepEqual(first, [BigInt(AT) * 1_000n, BigInt(AT) * 1_000n + 1n]);
    const [third] = await nonces(AT - 60_000, ['c']);
    assert.equal(third, BigInt(AT) * 1_000n + 2n);
    assert.deepEqual(await nonces(AT + 1, ['d', 'a']), [BigInt(AT + 1) * 1_000n, first[0]]);
    const [none] = await accept([{ grant, request: 'e' }]);
    assert.equal(none?.nonce, '');
  });

  it('hands the last nonce of a key on to its next grant', async () => {
    const tenant = await newTenant(world);
    const first = await authorize(world, tenant);
    await change(first, LIVE);
    const ask = { request: 'r1', wantsNonce: true };
    const [before] = await accept([{ grant: first, ...ask }], AT);
    const next = { ...tenant, executionId: systemIds.make('exe'), epoch: 2 };
    const second = await authorize(world, next);
    await change(second, LIVE);

    const [after] = await accept([{ grant: second, ...ask }], AT - 60_000);

    assert.equal(after?.verdict, 'accepted');
    assert.equal(BigInt(after?.nonce ?? 0), BigInt(before?.nonce ?? 0) + 1n);
  });

  it('accepts for the version that signs at this moment, and repeats for no other', async () => {
    const grant = await grantWith({ next_version: 3, version_until: new Date(AT + 1_000) });
    const ask = (request: string, version: number) => [{ grant, request, version }];

    assert.deepEqual(words(await accept(ask('r1', 1), AT + 999)), ['accepted']);
    assert.deepEqual(words(await accept(ask('r2', 3), AT + 999)), ['outdated']);
    assert.deepEqual(words(await accept(ask('r1', 1), AT + 1_000)), ['outdated']);
    assert.deepEqual(words(await accept(ask('r1', 3), AT + 1_000)), ['retired']);
    assert.deepEqual(words(await accept(ask('r2', 3), AT + 1_000)), ['accepted']);
    assert.deepEqual(words(await accept(ask('r2', 3), AT + 1_000)), ['seen']);
    const sql =
      'select key_version as version from signature where grant_id = $1 order by position';
    assert.deepEqual(await world.db.query(sql, [grant]), [{ version: 1 }, { version: 3 }]);
  });

  /** A new grant that nothing ends before long after AT, with columns as the test has them. */
  async function grantWith(columns: Columns): Promise<string> {
    const grant = await authorize(world, await newTenant(world));
    await change(grant, { ...LIVE, ...columns });
    return grant;
  }

  async function change(grant: string, columns: Columns): Promise<void> {
    const list = Object.keys(columns).map((name, index) => `${name} = $${index + 2}`);
    const sql = `update key_grant set ${list.join(', ')} where id = $1`;
    await world.db.query(sql, [grant, ...Object.values(columns)]);
  }

  async function accept(asked: readonly Asked[], at = AT): Promise<readonly Answer[]> {
    await session.query("select set_config('ramet.now', $1, false)", [new Date(at).toISOString()]);
    batch += 1;
    const sql = `select * from accept_signatures($1, $2::integer[], $3::text[], $4::text[],
      array_fill('raw'::text, array[$5::integer]), array_fill('raw'::text, array[$5::integer]),
      array_fill(sha256('payload'), array[$5::integer]), array_fill(''::text, array[$5::integer]),
      $6::boolean[], $7::integer[])`;
    const [row] = await session.query<Record<'verdicts' | 'nonces' | 'waits', string>>(sql, [
      batch,
      batch === 1 ? [] : [batch - 1],
      asked.map(({ grant }) => grant),
      asked.map(({ request }) => request),
      asked.length,
      asked.map(({ wantsNonce = false }) => wantsNonce),
      asked.map(({ version = 1 }) => version),
    ]);
    const { verdicts = '', nonces = '', waits = '' } = row ?? {};
    const [nonce, wait] = [nonces.split(','), waits.split(',')];
    return verdicts.split(',').map((verdict, index) => ({
      ...{ verdict, nonce: nonce[index] ?? '', wait: wait[index] ?? '' },
    }));
  }

  async function verdicts(grant: string, count: number, at = AT): Promise<readonly string[]> {
    return words(await accept(asks(grant, count), at));
  }

  function asks(grant: string, count: number): readonly Asked[] {
    return Array.from({ length: count }, (_, nth) => ({ grant, request: `r${batch}-${nth}` }));
  }

  async function read(grant: string) {
    const sql = 'select uses, tokens from key_grant where id = $1';
    const [row] = await world.db.query<{ uses: bigint; tokens: number }>(sql, [grant]);
    return row;
  }
});

function rate(perSecond: number, burst: number) {
  return { rate_per_second: perSecond, rate_burst: burst, tokens_at: new Date(AT) };
}

function words(answers: readonly Answer[]): readonly string[] {
  return answers.map(({ verdict }) => verdict);
}
