// Goal: the heads of a log do not grow without end, and none is missed: what is left proves the rest.
// Method: the real service on a real database, with heads of days ago.
import assert from 'node:assert/strict';
import { LogHeads } from './store/log-heads.js';
import { startWorld, type World } from './support/world.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('old heads of a log', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('are thinned out to the last of each hour, and young ones are not', async () => {
    const logId = -1n;
    const hour = Math.floor(Date.now() / HOUR) * HOUR;
    const ages: readonly (readonly [bigint, number])[] = [
      [1n, hour - 9 * DAY],
      [2n, hour - 9 * DAY + 1_000],
      [3n, hour - 9 * DAY + HOUR - 1],
      [4n, hour - 9 * DAY + HOUR],
      [5n, hour - 2 * DAY],
      [6n, hour - 2 * DAY + 1],
    ];
    for (const [size, at] of ages) {
      await world.db.query(
        `insert into log_head (log_id, size, root, at, note) values ($1, $2, $3, $4, '')`,
        [logId, size, Buffer.alloc(32), new Date(at)],
      );
    }

    const heads = new LogHeads(world.db);
    assert.equal(await heads.thin(7, 1), 1);
    assert.equal(await heads.thin(7, 100), 1);
    assert.equal(await heads.thin(7, 100), 0);

    const sql = 'select size from log_head where log_id = $1 order by size';
    const rows = await world.db.query<{ readonly size: bigint }>(sql, [logId]);
    assert.deepEqual(
      rows.map(({ size }) => size),
      [3n, 4n, 5n, 6n],
    );
  });
});
