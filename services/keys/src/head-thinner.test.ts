// Goal: the heads of a log do not grow without end, and none is missed: what is left proves the rest.
// Method: the real service on a real database, with heads of days ago.
import assert from 'node:assert/strict';
import { LogHeads } from './store/log-heads.js';
import { startWorld, type World } from './support/world.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The first hour of a day that is old by now. */
const OLD = Math.floor(Date.now() / HOUR) * HOUR - 9 * DAY;
const YOUNG = OLD + 7 * DAY;

describe('old heads of a log', () => {
  let world: World;
  let heads: LogHeads;

  before(async () => {
    world = await startWorld();
    heads = new LogHeads(world.db);
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('are thinned out to the last of each hour, and young ones are not', async () => {
    const logId = await logWith('one', [
      ...[OLD, OLD + 1_000, OLD + HOUR - 1],
      ...[OLD + HOUR, YOUNG, YOUNG + 1],
    ]);
    assert.equal((await pass()).removed, 2);
    assert.deepEqual(await sizes(logId), [3n, 4n, 5n, 6n]);
    assert.equal((await pass()).removed, 0);
  });

  it('are thinned out in steps, where there are more than one step reads', async () => {
    const seconds = Array.from({ length: 250 }, (_, nth) => OLD + nth * 1_000);
    const [first, second] = [await logWith('long', seconds), await logWith('longer', seconds)];

    const { removed, steps } = await pass();

    assert.equal(removed, 498);
    assert.ok(steps >= 3, `${steps} steps`);
    assert.deepEqual([await sizes(first), await sizes(second)], [[250n], [250n]]);
  });

  it('are thinned out from where that ended, also in the hour that it ended in', async () => {
    const logId = await logWith('growing', [OLD, OLD + 1_000]);
    await pass();
    assert.deepEqual(await sizes(logId), [2n]);

    await addHeads(logId, 3, [OLD + 2_000, OLD + 3_000, OLD + HOUR]);
    await pass();
    assert.deepEqual(await sizes(logId), [4n, 5n]);
  });

  it('are left to whoever is at it', async () => {
    await logWith('of-two', [OLD, OLD + 1_000]);
    await using other = await world.db.reserve();
    const lock = [7_320_005, world.db.schema];
    await other.query('select pg_advisory_lock($1, hashtext($2))', lock);
    assert.deepEqual(await heads.thin(7, 0n), { removed: 0 });
    await other.query('select pg_advisory_unlock($1, hashtext($2))', lock);
    assert.equal((await pass()).removed, 1);
  });

  /** Thins out all logs. */
  async function pass(): Promise<{ readonly removed: number; readonly steps: number }> {
    const done = { removed: 0, steps: 0 };
    for (let next: bigint | undefined = 0n; next !== undefined; done.steps += 1) {
      const step = await heads.thin(7, next);
      done.removed += step.removed;
      next = step.next;
    }
    return done;
  }

  async function logWith(ownerId: string, times: readonly number[]): Promise<bigint> {
    const [log] = await world.db.query<{ readonly id: bigint }>(
      `insert into log (owner_kind, owner_id, size, peaks) values ('user', $1, 0, '{}')
       returning id`,
      [ownerId],
    );
    assert.ok(log);
    await addHeads(log.id, 1, times);
    return log.id;
  }

  /** Adds heads of a size and those after it. */
  async function addHeads(logId: bigint, from: number, times: readonly number[]): Promise<void> {
    await world.db.query(
      `insert into log_head (log_id, size, root, at, note)
       select $1, $2 + nth - 1, $3, at, ''
       from unnest($4::timestamptz[]) with ordinality as heads (at, nth)`,
      [logId, from, Buffer.alloc(32), times.map((time) => new Date(time))],
    );
  }

  async function sizes(logId: bigint): Promise<readonly bigint[]> {
    const sql = 'select size from log_head where log_id = $1 order by size';
    const rows = await world.db.query<{ readonly size: bigint }>(sql, [logId]);
    return rows.map(({ size }) => size);
  }
});
