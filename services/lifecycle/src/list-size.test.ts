// Goal: however many clones there are, what is asked all the time reads only what it shows.
// Method: 100,000 clones in a real database, analyzed; the statements that the stores really send
// are explained as they run, and their plans are looked through.

import assert from 'node:assert/strict';
import { type Database, migrate, openDatabase } from '@ramet/database';
import { createDatabase } from '@ramet/test/support';
import type { ListOptions } from './store/clone-list.js';
import { CloneReads } from './store/clone-reads.js';
import { type SnapshotWish, WatchReads } from './store/watch-reads.js';
import { Work } from './store/work.js';
import { fillClones, MANY_OWNERS, manyClone, manyOwner } from './testing/many-clones.js';

const CLONES = 100_000;
const PAGE = 50;
const BIG = manyOwner(0);
const SMALL = manyOwner(7);
const TEAMS = Array.from({ length: 20 }, (_, n) => manyOwner(2 * n + 1));

const MIGRATIONS = new URL('../migrations/', import.meta.url);
/** Tables that grow with the clones: none of them is ever read as a whole. */
const LARGE = ['clone', 'execution', 'execution_progress', 'work', 'history'];

type Stores = { readonly reads: CloneReads; readonly watch: WatchReads; readonly work: Work };

const NO_FILTER = { teamId: '', kinds: [], phases: [], labels: {} };

/** What a watch asks for first. */
function watched(sight: readonly string[], cloneId = ''): SnapshotWish {
  const filter = { ...NO_FILTER, cloneId };
  return { sight, filter, since: 0n, told: 0n, after: '', limit: 500 };
}

/** What is asked, and how many rows may be looked at for it. */
type HotRead = readonly [name: string, most: number, ask: (stores: Stores) => Promise<unknown>];

const list =
  (wish: Partial<Omit<ListOptions, 'page'>>, pages = 1) =>
  async ({ reads }: Stores): Promise<void> => {
    let token = '';
    for (let page = 0; page < pages; page += 1) {
      const options = { sight: [SMALL], view: 'active', filter: '', orderBy: '', ...wish } as const;
      const answer = await reads.list({ ...options, page: { size: PAGE, token, binding: [] } });
      assert.ok(answer.items.length > 0, 'an empty page proves nothing');
      token = answer.nextToken;
    }
  };

/** A page reads each clone with its execution, and one more to know whether there is more. */
const A_PAGE = 2 * (PAGE + 1);
/** Some rows are read and left out: those of other views, and of deleted clones. */
const SIFTED = 4 * A_PAGE;

const HOT_READS: readonly HotRead[] = [
  [
    'a clone',
    2,
    ({ reads }) => reads.get(manyClone(77_777), [manyOwner(1 + ((77_777 * 31) % 199))]),
  ],
  ['a clone, for whoever sees all', 2, ({ reads }) => reads.get(manyClone(5), 'all')],
  ['a clone by its name', 4, list({ sight: [BIG], filter: 'name = "trader-300"', view: 'all' })],
  ['the first page of an owner', A_PAGE, list({})],
  ['the first page of a large owner', A_PAGE, list({ sight: [BIG] })],
  ['a later page of a large owner', A_PAGE, list({ sight: [BIG] }, 4)],
  ['a page of everything of a large owner', A_PAGE, list({ sight: [BIG], view: 'all' }, 3)],
  ['a page of the past of a large owner', SIFTED, list({ sight: [BIG], view: 'history' }, 3)],
  ['a page of many owners', 21 * A_PAGE, list({ sight: [BIG, ...TEAMS] })],
  ['a later page of many owners', 21 * A_PAGE, list({ sight: [BIG, ...TEAMS] }, 3)],
  ['the first page of all', A_PAGE, list({ sight: 'all' })],
  ['a later page of all', A_PAGE, list({ sight: 'all' }, 3)],
  ['a rare phase of a large owner', A_PAGE, list({ sight: [BIG], filter: 'phase = RUNNING' }, 2)],
  ['a rare phase of all', A_PAGE, list({ sight: 'all', filter: 'phase = RUNNING' }, 3)],
  [
    'two phases of a large owner',
    3_000,
    list({ sight: [BIG], filter: 'phase = RUNNING OR phase = FAILED' }),
  ],
  [
    'a phase of many owners',
    21 * A_PAGE,
    list({ sight: [BIG, ...TEAMS], filter: 'phase = RUNNING' }),
  ],
  [
    'names that begin so',
    SIFTED,
    list({ sight: [BIG], filter: 'name = "trader-9000*"', view: 'all' }),
  ],
  ['names in order', SIFTED, list({ sight: [BIG], orderBy: 'name', view: 'all' }, 3)],
  [
    'names in order, of many',
    21 * SIFTED,
    list({ sight: [BIG, ...TEAMS], orderBy: 'name desc' }, 2),
  ],
  ['a common label of a large owner', SIFTED, list({ sight: [BIG], filter: 'labels.team = red' })],
  ['what a watch begins with', 3_000, ({ watch }) => watch.snapshot(watched([SMALL]))],
  [
    'what a watch of one clone begins with',
    10,
    ({ watch }) => watch.snapshot(watched([SMALL], manyClone(9))),
  ],
  ['history after a position', 100, ({ reads }) => reads.historyAfter(50_000n, 100)],
  [
    'the history of a clone',
    2,
    ({ reads }) =>
      reads.history(
        manyClone(9),
        { kinds: [], actor: '', startTime: undefined, endTime: undefined },
        { size: 0, token: '', binding: [] },
      ),
  ],
  ['work that is due', 300, ({ work }) => work.claim(32)],
];

describe('at 100,000 clones', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let db: Database;

  before(async function () {
    this.timeout(240_000);
    database = await createDatabase();
    const { url } = database;
    db = await openDatabase({
      ...{ url, schema: 'lifecycle', application: 'test', statementTimeoutMs: 200_000 },
    });
    await migrate(db, MIGRATIONS);
    await fillClones((sql) => db.query(sql), CLONES);
  });
  after(async () => {
    await db?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  for (const [name, most, ask] of HOT_READS) {
    it(`reads no more than it must: ${name}`, async () => {
      const asked: Asked[] = [];
      const spied = spy(db, asked);
      const reads = new CloneReads(spied);
      const watch = new WatchReads(spied);
      await ask({ reads, watch, work: new Work(spied, reads, 10_000) });
      assert.ok(asked.length > 0);

      const last = asked.filter(({ sql }) => LARGE.some((table) => sql.includes(table))).slice(-2);
      for (const { sql, params } of last) {
        const scans = scansOf(await planOf(db, sql, params));
        const whole = scans.filter(({ type }) => type === 'Seq Scan').map(({ table }) => table);
        const touched = scans.reduce((sum, { rows }) => sum + rows, 0);

        assert.deepEqual(whole, [], sql);
        assert.ok(
          touched <= most,
          `${touched} rows looked at, not ${most}: ${JSON.stringify(scans)}\n${sql}`,
        );
      }
    });
  }

  it('has the spread that the reads are meant for', async () => {
    const [row] = await db.query<{ clones: number; big: number; owners: number }>(
      `select count(*)::int as clones, count(distinct owner_id)::int as owners,
              (count(*) filter (where owner_id = $1))::int as big
       from clone`,
      [BIG],
    );
    assert.deepEqual(row, { clones: CLONES, big: 30_000, owners: MANY_OWNERS });
  });
});

interface Asked {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** A database that tells what it was asked, also within transactions. */
function spy(db: Database, asked: Asked[]): Database {
  const watching = <Queries extends object>(queries: Queries): Queries =>
    new Proxy(queries, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name === 'transaction') {
          return (work: (tx: object) => unknown, options: unknown) =>
            member.call(target, (tx: object) => work(watching(tx)), options);
        }
        return (...args: [string, (readonly unknown[])?]) => {
          if (name === 'query') asked.push({ sql: args[0], params: args[1] ?? [] });
          return member.apply(target, args);
        };
      },
    });
  return watching(db);
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

async function planOf(db: Database, sql: string, params: readonly unknown[]): Promise<PlanNode> {
  const explain = `explain (analyze, timing off, format json) ${sql}`;
  const [row] = await db.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(explain, params);
  return row?.['QUERY PLAN'][0].Plan ?? assert.fail('no plan');
}

interface Scan {
  readonly type: string;
  readonly table: string;
  readonly rows: number;
}

function scansOf(node: PlanNode): readonly Scan[] {
  const { 'Node Type': type, 'Relation Name': table = '', Plans: inner = [] } = node;
  const left = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  const rows = Math.round((node['Actual Rows'] + left) * node['Actual Loops']);
  // What is written counts where it is read.
  const own = LARGE.includes(table) && type !== 'ModifyTable' ? [{ type, table, rows }] : [];
  return [...own, ...inner.flatMap(scansOf)];
}
