import assert from 'node:assert/strict';
import { startTailer } from './follow.js';
import type { HistoryRow } from './history.js';
import { startSequencer } from './sequencer.js';
import { type Colony, clock, grow, logger, openColony, until } from './support/fixture.js';
import { startProxy } from './support/proxy.js';

describe('follow', () => {
  it('begins after any position, and gives each follower all it has not seen', async () => {
    await using colony = await openColony();
    await using _ = startSequencer({ ...colony, clock, logger, pollMs: 20 });
    await using tailer = startTailer({ ...colony, clock, logger });
    const stop = new AbortController();
    await growMany(colony, 30);
    const followers = [0n, 10n, 30n].map((after) =>
      collect(tailer.follow({ after, signal: stop.signal })),
    );
    await growMany(colony, 10);

    await until(() => followers.every(({ rows }) => rows.at(-1)?.position === 40n));
    stop.abort();
    await Promise.all(followers.map(({ done }) => done));

    assert.deepEqual(
      followers.map(({ rows }) => positions(rows)),
      [range(1, 40), range(11, 40), range(31, 40)],
    );
  });

  it('passes over what its filter refuses', async () => {
    await using colony = await openColony();
    await using _ = startSequencer({ ...colony, clock, logger, pollMs: 20 });
    await using tailer = startTailer({ ...colony, clock, logger });
    const stop = new AbortController();
    const filter = ({ seq }: HistoryRow): boolean => seq % 5 === 0;
    const { rows, done } = collect(tailer.follow({ after: 0n, signal: stop.signal, filter }));
    await growMany(colony, 10);
    await until(() => rows.length === 2);
    stop.abort();
    await done;
    assert.deepEqual(positions(rows), [5n, 10n]);
  });

  it('loses nothing of a follower that is far slower than the rest', async () => {
    await using colony = await openColony();
    await using _ = startSequencer({ ...colony, clock, logger, pollMs: 20 });
    await using tailer = startTailer({ ...colony, clock, logger });
    const stop = new AbortController();
    const slow = tailer.follow({ after: 0n, signal: stop.signal });
    await growMany(colony, 1);
    assert.equal((await slow.next()).value?.position, 1n);

    // More than the ring holds.
    await colony.db.query(`
      insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
      select 'bulk_' || n, 1, 'ramet.grown', 'a', '', '', '', decode(repeat('00', 32), 'hex'),
             ramet_now(), ''
      from generate_series(1, 6000) as n order by n`);
    colony.db.announceHistory();
    const { rows, done } = collect(tailer.follow({ after: 1n, signal: stop.signal }));
    await until(() => rows.length === 6_000);

    for (let position = 2n; position <= 6_001n; position += 1n) {
      assert.equal((await slow.next()).value?.position, position);
    }
    stop.abort();
    await done;
    assert.equal((await slow.next()).done, true);
  });

  it('goes on, without a gap, after the database was away', async () => {
    await using colony = await openColony();
    await using proxy = await startProxy(colony.url);
    await using _ = startSequencer({ ...colony, clock, logger, pollMs: 20 });
    const db = await colony.another({ url: proxy.url });
    await using tailer = startTailer({ db, service: colony.service, clock, logger, pollMs: 20 });
    const stop = new AbortController();
    const { rows, done } = collect(tailer.follow({ after: 0n, signal: stop.signal }));
    await growMany(colony, 3);
    await until(() => rows.length === 3);

    await proxy.cut();
    await growMany(colony, 3);
    await proxy.mend();

    await until(() => rows.length === 6);
    stop.abort();
    await done;
    assert.deepEqual(positions(rows), range(1, 6));
  });

  it('does not wait for ever where the oldest history was pruned', async () => {
    await using colony = await openColony();
    await using _ = startSequencer({ ...colony, clock, logger, pollMs: 20 });
    // A replica that does not lead: it has nothing in memory.
    const db = await colony.another();
    await using tailer = startTailer({ db, service: colony.service, clock, logger, pollMs: 20 });
    const stop = new AbortController();
    await growMany(colony, 5);
    await until(async () => (await unnumbered(colony)) === 0);
    await colony.db.query('delete from history');
    const { rows, done } = collect(tailer.follow({ after: 2n, signal: stop.signal }));
    await growMany(colony, 1);
    await until(() => rows.length === 1);
    stop.abort();
    await done;
    assert.deepEqual(positions(rows), [6n]);
  });

  it('passes over gaps that were pruned, wherever it begins', async () => {
    await using colony = await openColony();
    await using _ = startSequencer({ ...colony, clock, logger, pollMs: 20 });
    // A replica that does not lead: it has nothing in memory.
    const db = await colony.another();
    await using tailer = startTailer({ db, service: colony.service, clock, logger, pollMs: 20 });
    const stop = new AbortController();
    await growMany(colony, 9);
    await until(async () => (await unnumbered(colony)) === 0);
    await colony.db.query('delete from history where position in (3, 4, 6, 9)');
    const followed = [0n, 2n, 3n, 5n, 8n, 9n].map((after) => {
      return collect(tailer.follow({ after, signal: stop.signal }));
    });
    await growMany(colony, 1);
    await until(() => followed.every(({ rows }) => rows.at(-1)?.position === 10n));
    stop.abort();
    await Promise.all(followed.map(({ done }) => done));
    assert.deepEqual(
      followed.map(({ rows }) => positions(rows)),
      [
        [1n, 2n, 5n, 7n, 8n, 10n],
        [5n, 7n, 8n, 10n],
        [5n, 7n, 8n, 10n],
        [7n, 8n, 10n],
        [10n],
        [10n],
      ],
    );
  });

  it('ends with its tailer', async () => {
    await using colony = await openColony();
    const tailer = startTailer({ ...colony, clock, logger });
    const { done } = collect(tailer.follow({ after: 0n, signal: new AbortController().signal }));
    await tailer[Symbol.asyncDispose]();
    await done;
  });
});

interface Collected {
  readonly rows: HistoryRow[];
  readonly done: Promise<void>;
}

function collect(following: AsyncGenerator<HistoryRow>): Collected {
  const rows: HistoryRow[] = [];
  const done = (async () => {
    for await (const row of following) rows.push(row);
  })();
  return { rows, done };
}

async function growMany({ db }: Colony, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await db.transaction((tx) => grow(tx, 'ram_1'));
}

async function unnumbered({ db }: Colony): Promise<number> {
  return (await db.query('select 1 from history where position is null')).length;
}

function positions(rows: readonly HistoryRow[]): readonly bigint[] {
  return rows.map(({ position }) => position);
}

function range(from: number, to: number): readonly bigint[] {
  return Array.from({ length: to - from + 1 }, (_, index) => BigInt(from + index));
}
