import assert from 'node:assert/strict';
import { type ContextManager, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { NO_HISTORY, nextLink } from './chain.js';
import type { Database } from './database.js';
import { appendHistory, currentTrace, readHistory } from './history.js';
import { startSequencer } from './sequencer.js';
import { clock, grow, logger, openColony, until } from './support/fixture.js';

describe('appendHistory', () => {
  it('commits with its change or not at all', async () => {
    await using colony = await openColony();
    const failing = colony.db.transaction(async (tx) => {
      await grow(tx, 'ram_1');
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    assert.deepEqual(await colony.db.query('select * from history'), []);
  });

  it('records many changes at once, in their order', async () => {
    await using colony = await openColony();
    const payload = Buffer.from('x');
    const common = { kind: 'ramet.grown', actor: 'user:usr_1', payload };
    const first = nextLink(NO_HISTORY, 'ram_1', payload);
    const second = nextLink(first, 'ram_1', payload);
    const other = nextLink(NO_HISTORY, 'ram_2', payload);
    await appendHistory(colony.db, [
      { ...common, aggregate: 'ram_1', prev: NO_HISTORY, next: first },
      { ...common, aggregate: 'ram_2', prev: NO_HISTORY, next: other, cause: 'deadline' },
      { ...common, aggregate: 'ram_1', prev: first, next: second },
    ]);
    const sql = 'select aggregate, seq, cause from history order by insertion';
    assert.deepEqual(await colony.db.query(sql), [
      { aggregate: 'ram_1', seq: 1, cause: '' },
      { aggregate: 'ram_2', seq: 1, cause: 'deadline' },
      { aggregate: 'ram_1', seq: 2, cause: '' },
    ]);
  });

  it('refuses a second change of the same place in an aggregate', async () => {
    await using colony = await openColony();
    const payload = Buffer.from('x');
    const row = {
      aggregate: 'ram_1',
      kind: 'ramet.grown',
      actor: 'user:usr_1',
      payload,
      prev: NO_HISTORY,
      next: nextLink(NO_HISTORY, 'ram_1', payload),
    };
    await appendHistory(colony.db, [row]);
    await assert.rejects(appendHistory(colony.db, [row]), { constraint: 'history_chain' });
  });

  it('gives an aggregate times that rise, even when the clock does not', async () => {
    await using colony = await openColony();
    const frozen = await colony.another({ settings: { 'ramet.now': '2001-01-01 00:00:00+00' } });
    for (let i = 0; i < 3; i += 1) await frozen.transaction((tx) => grow(tx, 'ram_1'));
    const sql = `select extract(microseconds from at)::int as us from history order by seq`;
    assert.deepEqual(await frozen.query(sql), [{ us: 0 }, { us: 1 }, { us: 2 }]);
  });
});

describe('readHistory', () => {
  it('gives pages in order, of all aggregates or of one', async () => {
    await using colony = await openColony();
    await numbered(colony.db, ['ram_1', 'ram_2', 'ram_1', 'ram_2', 'ram_1']);
    const first = await readHistory(colony.db, { after: 0n, limit: 2 });
    assert.deepEqual(
      first.map(({ position }) => position),
      [1n, 2n],
    );
    const one = await readHistory(colony.db, { after: 1n, limit: 10, aggregate: 'ram_1' });
    assert.deepEqual(
      one.map(({ position, aggregate, seq }) => ({ position, aggregate, seq })),
      [
        { position: 3n, aggregate: 'ram_1', seq: 2 },
        { position: 5n, aggregate: 'ram_1', seq: 3 },
      ],
    );
  });

  it('ends a page that is long enough in bytes', async () => {
    await using colony = await openColony();
    await numbered(colony.db, ['ram_1', 'ram_2', 'ram_3']);
    const large = `update history set payload = decode(repeat('00', 1000000), 'hex')`;
    await colony.db.query(large);
    const page = await readHistory(colony.db, { after: 0n, limit: 10 });
    assert.equal(page.length, 2);
    assert.equal((await readHistory(colony.db, { after: 2n, limit: 10 })).length, 1);
  });
});

describe('currentTrace', () => {
  it('is the traceparent of the running call, if there is one', () => {
    assert.equal(currentTrace(), '');
    const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const active = trace.setSpanContext(ROOT_CONTEXT, span);
    const manager: ContextManager = {
      active: () => active,
      with: (_, work, self, ...args) => work.apply(self, args),
      bind: (_, target) => target,
      enable: () => manager,
      disable: () => manager,
    };
    const check = (): void =>
      assert.equal(currentTrace(), `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);

    // Another file of the same run may have a manager in place already: then that one serves.
    if (!context.setGlobalContextManager(manager)) return context.with(active, check);
    try {
      check();
    } finally {
      context.disable();
    }
  });
});

/** Records a change of each id and waits for the positions. */
async function numbered(db: Database, ids: readonly string[]): Promise<void> {
  await using _ = startSequencer({ db, service: 'colony', clock, logger, pollMs: 20 });
  for (const id of ids) await db.transaction((tx) => grow(tx, id));
  await until(async () => {
    const open = await db.query('select 1 from history where position is null limit 1');
    return open.length === 0;
  });
}
