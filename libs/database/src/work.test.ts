import assert from 'node:assert/strict';
import type { Database } from './database.js';
import { openColony } from './support/fixture.js';
import { type Claimed, claimDue, finish, finishAll, giveBack, wakeWork } from './work.js';

const LEASE = { limit: 64, leaseMs: 60_000 };

describe('claimDue', () => {
  it('gives each due row to one worker only', async () => {
    await using colony = await openColony();
    const ids = Array.from({ length: 200 }, (_, index) => `ram_${index}`);
    await wakeWork(colony.db, ids);

    const claims = await Promise.all(
      Array.from({ length: 12 }, () => claimDue(colony.db, { ...LEASE, limit: 20 })),
    );
    const rest = await drain(colony.db);

    const all = [...claims.flat(), ...rest].map(({ id }) => id);
    assert.deepEqual(all.toSorted(), ids.toSorted());
  });

  it("leaves alone what is not due, has nothing to do, or is another host's", async () => {
    await using colony = await openColony();
    const { db } = colony;
    await db.query(`
      insert into work (id, due_at, host_id) values
        ('later', ramet_now() + interval '1 hour', 'a'), ('never', null, 'a'),
        ('mine', ramet_now(), 'a'), ('theirs', ramet_now(), 'b')`);
    const only = { column: 'host_id', value: 'a' };
    assert.deepEqual(idsOf(await claimDue(db, { ...LEASE, only })), ['mine']);
  });

  it('gives a row again when its lease has run out, and drops what the first worker did', async () => {
    await using colony = await openColony();
    const { db } = colony;
    await wakeWork(db, ['ram_1']);
    const [first] = await claimDue(db, { ...LEASE, leaseMs: 0 });
    const [second] = await claimDue(db, LEASE);
    assert.ok(first && second);

    const late = db.transaction(async (tx) => {
      await tx.query(`insert into ramet (id) values ('ram_1')`);
      await finish(tx, { ...first, dueInMs: null });
    });

    await assert.rejects(late, { name: 'StaleLease' });
    assert.deepEqual(await db.query('select id from ramet'), []);
    await finish(db, { ...second, dueInMs: null });
    assert.deepEqual(await claimDue(db, LEASE), []);
  });

  it('claims only by the index of what is due', async () => {
    await using colony = await openColony();
    const { db } = colony;
    await db.query(`
      insert into work (id, due_at)
      select 'ram_' || n, case when n < 3 then ramet_now() end from generate_series(1, 20000) as n`);
    await db.query('analyze work');
    const plan = await db.query<{ 'QUERY PLAN': string }>(
      'explain select id from work where due_at <= ramet_now() order by due_at, id limit 64',
    );
    assert.match(JSON.stringify(plan), /work_due/);
    assert.equal((await claimDue(db, LEASE)).length, 2);
  });
});

describe('finish', () => {
  it('says when the row is due next', async () => {
    await using colony = await openColony();
    const { db } = colony;
    await wakeWork(db, ['ram_1']);
    const claimed = await claimOne(db);
    await finish(db, { ...claimed, dueInMs: 60_000 });
    assert.deepEqual(await claimDue(db, LEASE), []);
    await finish(db, { ...claimed, dueInMs: 0 });
    assert.equal((await claimDue(db, LEASE)).length, 1);
  });

  it('counts failures in a row, for the row alone', async () => {
    await using colony = await openColony();
    const { db } = colony;
    await wakeWork(db, ['good', 'poisoned']);
    for (let failures = 0; failures < 3; failures += 1) {
      await wakeWork(db, ['good', 'poisoned']);
      const claims = await claimDue(db, LEASE);
      assert.deepEqual(
        claims.map(({ id, attempt }) => ({ id, attempt })),
        [
          { id: 'good', attempt: 0 },
          { id: 'poisoned', attempt: failures },
        ],
      );
      const ends = claims.map((claimed) =>
        claimed.id === 'good'
          ? { ...claimed, dueInMs: null }
          : { ...claimed, dueInMs: 60_000, error: 'no such image' },
      );
      assert.equal((await finishAll(db, ends)).size, 2);
    }
    assert.deepEqual(await db.query('select id, attempt, error from work order by id'), [
      { id: 'good', attempt: 0, error: null },
      { id: 'poisoned', attempt: 3, error: 'no such image' },
    ]);
  });

  it('makes a row due at once that was woken meanwhile, which nobody gets before', async () => {
    await using colony = await openColony();
    const { db } = colony;
    await wakeWork(db, ['ram_1']);
    const claimed = await claimOne(db);

    await wakeWork(db, ['ram_1']);
    assert.deepEqual(await claimDue(db, LEASE), []);

    await finish(db, { ...claimed, dueInMs: null });
    const again = await claimOne(db);
    assert.equal(again.leaseSeq, claimed.leaseSeq + 1n);
    await finish(db, { ...again, dueInMs: null });
    assert.deepEqual(await claimDue(db, LEASE), []);
  });
});

describe('giveBack', () => {
  it('lets others have the rows at once, but not those that others have already', async () => {
    await using colony = await openColony();
    const { db } = colony;
    await wakeWork(db, ['ram_1', 'ram_2']);
    const first = await claimDue(db, { ...LEASE, leaseMs: 0 });
    const [mine] = await claimDue(db, { ...LEASE, limit: 1 });
    assert.ok(mine);
    await giveBack(db, first);
    const rest = await claimDue(db, LEASE);
    assert.equal(rest.length, 1);
    assert.notEqual(rest[0]?.id, mine.id);
  });
});

async function drain(db: Database): Promise<readonly Claimed[]> {
  const all: Claimed[] = [];
  for (;;) {
    const claims = await claimDue(db, LEASE);
    if (claims.length === 0) return all;
    all.push(...claims);
  }
}

async function claimOne(db: Database): Promise<Claimed> {
  const [claimed] = await claimDue(db, LEASE);
  assert.ok(claimed);
  return claimed;
}

function idsOf(claims: readonly Claimed[]): readonly string[] {
  return claims.map(({ id }) => id);
}
