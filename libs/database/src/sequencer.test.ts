import assert from 'node:assert/strict';
import { verifyChain } from './chain.js';
import type { Database } from './database.js';
import { startTailer } from './follow.js';
import { type HistoryRow, lastPosition, readHistory, readNewest } from './history.js';
import { startSequencer } from './sequencer.js';
import { clock, connectTestBus, grow, logger, openColony, until } from './support/fixture.js';

const IDS = ['ram_a', 'ram_b', 'ram_c', 'ram_d', 'ram_e'];
const service = 'colony';
const DAY = 86_400_000;

describe('startSequencer', () => {
  it('gives dense positions in the order of each aggregate, whoever wrote', async () => {
    await using colony = await openColony();
    const writers = await Promise.all([1, 2, 3, 4].map(() => colony.another()));
    await using _ = startSequencer({ ...colony, service, clock, logger, pollMs: 20 });
    await using tailer = startTailer({ ...colony, service, clock, logger });
    const stop = new AbortController();
    const seen: HistoryRow[] = [];
    const following = (async () => {
      for await (const row of tailer.follow({ after: 0n, signal: stop.signal })) seen.push(row);
    })();

    await Promise.all(writers.flatMap((db) => [0, 1, 2].map((lane) => growMany(db, lane, 20))));
    await until(() => seen.length === 240);
    stop.abort();
    await following;

    assertOrdered(seen, 240);
    assert.equal(await lastPosition(colony.db), 240n);
    assert.deepEqual(await readHistory(colony.db, { after: 240n, limit: 10 }), []);
  });

  it('passes over what is not committed yet, and numbers it when it is', async () => {
    await using colony = await openColony();
    await using _ = startSequencer({ ...colony, service, clock, logger, pollMs: 20 });
    const slow = await colony.another();

    await slow.transaction(async (tx) => {
      await grow(tx, 'ram_slow');
      await colony.db.transaction((other) => grow(other, 'ram_fast'));
      await until(async () => (await lastPosition(colony.db)) === 1n);
    });
    await until(async () => (await lastPosition(colony.db)) === 2n);

    const rows = await readHistory(colony.db, { after: 0n, limit: 10 });
    assert.deepEqual(
      rows.map(({ aggregate }) => aggregate),
      ['ram_fast', 'ram_slow'],
    );
  });

  it('goes on in another replica, without a gap, when the leader is killed', async () => {
    await using colony = await openColony();
    const replicas = await Promise.all([1, 2].map(() => colony.another()));
    const sequencers = replicas.map((db) =>
      startSequencer({ db, service, clock, logger, pollMs: 20 }),
    );
    await until(() => sequencers.some(({ isLeading }) => isLeading));
    const writing = Promise.all([0, 1, 2].map((lane) => growMany(colony.db, lane, 40)));

    for (let kills = 0; kills < 4; kills += 1) {
      await until(async () => (await killLeader(colony.db)) > 0);
      await until(() => sequencers.some(({ isLeading }) => isLeading));
    }
    await writing;

    await until(async () => (await lastPosition(colony.db)) === 120n);
    assertOrdered(await readHistory(colony.db, { after: 0n, limit: 1_000 }), 120);
    for (const sequencer of sequencers) await sequencer[Symbol.asyncDispose]();
  });

  it('has one leader, which hands over at once when it stops', async () => {
    await using colony = await openColony();
    const replicas = await Promise.all([1, 2].map(() => colony.another()));
    const [first, second] = replicas.map((db) =>
      startSequencer({ db, service, clock, logger, pollMs: 20 }),
    );
    assert.ok(first && second);
    await until(() => first.isLeading || second.isLeading);
    assert.notEqual(first.isLeading, second.isLeading);
    const [leader, other] = first.isLeading ? [first, second] : [second, first];

    await leader[Symbol.asyncDispose]();
    await until(() => other.isLeading);
    await other[Symbol.asyncDispose]();
  });

  it('is woken over the bus by what another replica writes', async () => {
    await using colony = await openColony();
    const other = await colony.another();
    // By its own clock it never looks again.
    const sleep = (ms: number, signal?: AbortSignal) => clock.sleep(ms < 1_000 ? ms : DAY, signal);
    const options = { service: colony.service, clock: { ...clock, sleep }, logger, pollMs: 5_000 };
    await using bus = connectTestBus();
    await using busOfOther = connectTestBus();
    await until(() => bus.connected && busOfOther.connected);
    await using leader = startSequencer({ ...options, db: colony.db, bus });
    await until(() => leader.isLeading);
    await using _ = startSequencer({ ...options, db: other, bus: busOfOther });

    await other.transaction((tx) => grow(tx, 'ram_1'));
    await until(async () => (await lastPosition(colony.db)) === 1n);
  });

  it('has what it numbered in memory, for as long as it leads', async () => {
    await using colony = await openColony();
    await colony.db.transaction((tx) => grow(tx, 'ram_1'));
    const sequencer = startSequencer({ ...colony, service, clock, logger, pollMs: 20 });
    await until(async () => (await lastPosition(colony.db)) === 1n);
    await colony.db.transaction((tx) => grow(tx, 'ram_1'));
    await until(() => colony.db.newest.last === 2n);
    const held = colony.db.newest.after(1n, 10);
    assert.deepEqual(held, await readHistory(colony.db, { after: 1n, limit: 10 }));
    assert.deepEqual(await readNewest(colony.db, { after: 1n, limit: 10 }), held);
    assert.equal(colony.db.newest.isFed(), true);

    await killLeader(colony.db);
    await until(() => !colony.db.newest.isFed());
    await until(() => sequencer.isLeading && colony.db.newest.isFed());
    await sequencer[Symbol.asyncDispose]();
    assert.equal(colony.db.newest.isFed(), false);
  });

  it('never gives a position twice, even when the newest history is gone', async () => {
    await using colony = await openColony();
    await using _ = startSequencer({ ...colony, service, clock, logger, pollMs: 20 });
    await colony.db.transaction((tx) => grow(tx, 'ram_1'));
    await until(async () => (await lastPosition(colony.db)) === 1n);
    await colony.db.query('delete from history');
    await colony.db.transaction((tx) => grow(tx, 'ram_2'));
    await until(async () => (await lastPosition(colony.db)) === 2n);
    const rows = await readHistory(colony.db, { after: 0n, limit: 10 });
    assert.deepEqual(
      rows.map(({ position }) => position),
      [2n],
    );
  });
});

async function growMany(db: Database, lane: number, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    await db.transaction((tx) => grow(tx, IDS[(i + lane) % IDS.length] ?? ''));
  }
}

/** Ends the connection that holds the lock of leadership. Returns how many there were. */
async function killLeader(db: Database): Promise<number> {
  const rows = await db.query(
    `select pg_terminate_backend(pid) from pg_locks
     where locktype = 'advisory' and classid = 7310003 and granted
       and database = (select oid from pg_database where datname = current_database())`,
  );
  return rows.length;
}

function assertOrdered(rows: readonly HistoryRow[], count: number): void {
  assert.deepEqual(
    rows.map(({ position }) => position),
    Array.from({ length: count }, (_, index) => BigInt(index + 1)),
  );
  for (const id of IDS) {
    const own = rows.filter(({ aggregate }) => aggregate === id);
    assert.deepEqual(
      own.map(({ seq }) => seq),
      own.map((_, index) => index + 1),
    );
    assert.equal(verifyChain(own), undefined);
  }
}
