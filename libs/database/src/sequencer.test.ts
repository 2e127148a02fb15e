import assert from 'node:assert/strict';
import { verifyChain } from './chain.js';
import { startTailer } from './follow.js';
import { type HistoryRow, lastPosition, readHistory } from './history.js';
import { startSequencer } from './sequencer.js';
import { clock, grow, logger, openColony, until } from './support/fixture.js';

const IDS = ['ram_a', 'ram_b', 'ram_c', 'ram_d', 'ram_e'];

describe('startSequencer', () => {
  it('gives dense positions in the order of each aggregate, whoever wrote', async () => {
    await using colony = await openColony();
    const writers = await Promise.all(Array.from({ length: 4 }, () => colony.another()));
    await using _ = startSequencer({ ...colony, service: 'colony', clock, logger, pollMs: 20 });
    await using tailer = startTailer({ ...colony, service: 'colony', clock, logger });
    const stop = new AbortController();
    const seen: HistoryRow[] = [];
    const following = (async () => {
      for await (const row of tailer.follow({ after: 0n, signal: stop.signal })) seen.push(row);
    })();

    await Promise.all(
      writers.flatMap((db) =>
        [0, 1, 2].map(async (lane) => {
          for (let i = 0; i < 20; i += 1) {
            await db.transaction((tx) => grow(tx, IDS[(i + lane) % IDS.length] ?? ''));
          }
        }),
      ),
    );
    await until(() => seen.length === 240);
    stop.abort();
    await following;

    assert.deepEqual(
      seen.map(({ position }) => position),
      Array.from({ length: 240 }, (_, index) => BigInt(index + 1)),
    );
    for (const id of IDS) {
      const rows = seen.filter(({ aggregate }) => aggregate === id);
      assert.deepEqual(
        rows.map(({ seq }) => seq),
        rows.map((_, index) => index + 1),
      );
      assert.equal(verifyChain(rows), undefined);
    }
    assert.equal(await lastPosition(colony.db), 240n);
    assert.deepEqual(await readHistory(colony.db, { after: 240n, limit: 10 }), []);
  });
});
