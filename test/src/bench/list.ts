import { fillClones, manyOwner } from '@ramet/lifecycle/testing';
import pg from 'pg';
import { type Child, startChild } from './child.js';
import type { CreateServerAnswer, CreateServerQuestion } from './create-server.js';
import { createDatabase, withPostgres } from './durable-postgres.js';
import { median, round2 } from './figures.js';
import type { ListOrder } from './list-load.js';
import type { PagesOrder } from './list-rows.js';
import type { LoadResult } from './load.js';
import { createIssuer } from './tokens.js';

interface Options {
  readonly json: boolean;
  readonly seconds: number;
  readonly rounds: number;
}

/** What was measured of one way to read pages. */
interface Measured {
  readonly pagesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the process that reads and encodes; not of PostgreSQL. */
  readonly cpuMicros: number;
}

const KINDS = ['rows', 'list', 'few'] as const;
type Kinds<Value> = Record<(typeof KINDS)[number], Value>;

const NAMES: Kinds<string> = {
  rows: 'rows by node-pg, encoded',
  list: 'ListClones',
  few: 'ListClones, few clones',
};
const CLONES: Kinds<number> = { rows: 100_000, list: 100_000, few: 1_000 };
const PAGE_SIZE = 100;
/** Few: so that a latency is that of a page, and not of a queue. */
const CONCURRENCY = 4;
const WARM_UP_MS = 2_000;

/** The budget of DESIGN.md, section 8: of CPU per page. */
const BUDGET = { ofRows: 1.5 };

interface Round {
  readonly result: LoadResult;
  readonly cpuMicros: number;
}

type Turn = (ms: number) => Promise<Round>;

/**
 * Measures ListClones at 100,000 clones, by pages of 100 of an owner with 30,000, next to the same
 * rows read by node-pg and encoded, and to ListClones at 1,000 clones.
 *
 * Servers, client and reader are processes of their own and take turns, so that what else the machine
 * does meets all of them.
 */
export async function benchList(options: Options): Promise<void> {
  await withPostgres(async (urlOf) => {
    report(await measure((name) => urlOf(name), options), options);
  });
}

type Server = Child<CreateServerQuestion, CreateServerAnswer>;

async function measure(
  urlOf: (database: string) => string,
  options: Options,
): Promise<Kinds<Measured>> {
  const issuer = createIssuer();
  await using many: Server = startChild('create-server.js');
  await using few: Server = startChild('create-server.js');
  await using load = startChild<ListOrder, LoadResult>('list-load.js');
  await using rows = startChild<PagesOrder, LoadResult>('list-rows.js');
  const manyUrl = await createDatabase(urlOf, 'many');
  const fewUrl = await createDatabase(urlOf, 'few');
  const order = { ask: 'start', kind: 'lifecycle', issuer: issuer.pkcs8 } as const;
  const manyServer = await many.ask({ ...order, databaseUrl: manyUrl });
  const fewServer = await few.ask({ ...order, databaseUrl: fewUrl });
  await fill(manyUrl, CLONES.list);
  await fill(fewUrl, CLONES.few);

  const owner = manyOwner(0);
  const common = { pageSize: PAGE_SIZE, concurrency: CONCURRENCY };
  const asking = { ...common, token: issuer.token({ sub: owner, kind: 'user' }) };
  const turns: Kinds<Turn> = {
    rows: async (ms) => {
      const result = await rows.ask({ ...common, databaseUrl: manyUrl, owner, ms });
      return { result, cpuMicros: result.cpuMicros };
    },
    list: served(many, (ms) => load.ask({ ...asking, address: manyServer.address, ms })),
    few: served(few, (ms) => load.ask({ ...asking, address: fewServer.address, ms })),
  };
  // Awaited here: the processes end with this function.
  return await takeTurns(turns, options);
}

async function fill(url: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=lifecycle' });
  await client.connect();
  await fillClones((sql) => client.query(sql), count);
  await client.query('vacuum');
  await client.end();
}

function served(server: Server, ask: (ms: number) => Promise<LoadResult>): Turn {
  return async (ms) => {
    const before = await server.ask({ ask: 'cpu' });
    const result = await ask(ms);
    const { cpuMicros } = await server.ask({ ask: 'cpu' });
    return { result, cpuMicros: cpuMicros - before.cpuMicros };
  };
}

async function takeTurns(turns: Kinds<Turn>, options: Options): Promise<Kinds<Measured>> {
  const rounds: Kinds<Round[]> = { rows: [], list: [], few: [] };
  for (const kind of KINDS) await turns[kind](WARM_UP_MS);
  for (let round = 0; round < options.rounds; round += 1) {
    for (const kind of KINDS) rounds[kind].push(await turns[kind](options.seconds * 1_000));
  }
  return {
    rows: summary('rows', rounds.rows),
    list: summary('list', rounds.list),
    few: summary('few', rounds.few),
  };
}

/** The median round, and all of its pages. */
function summary(kind: keyof Kinds<unknown>, rounds: readonly Round[]): Measured {
  const failed = rounds.find(({ result }) => result.failures > 0);
  if (failed) throw new Error(`${NAMES[kind]}: ${failed.result.firstFailure}`);
  const per = (of: (round: Round) => number): number => median(rounds.map(of));
  const latencies = rounds.flatMap(({ result }) => [...result.latencies]).sort((a, b) => a - b);
  return {
    pagesPerSecond: Math.round(per(({ result }) => (result.calls / result.ms) * 1_000)),
    p50Ms: round2(latencies[Math.floor(latencies.length * 0.5)] ?? 0),
    p99Ms: round2(latencies[Math.floor(latencies.length * 0.99)] ?? 0),
    cpuMicros: Math.round(per(({ result, cpuMicros }) => cpuMicros / result.calls)),
  };
}

function report(measured: Kinds<Measured>, { json }: Options): void {
  const { rows, list, few } = measured;
  const ratios = {
    ofRows: round2(list.cpuMicros / rows.cpuMicros),
    cpuOfFew: round2(list.cpuMicros / few.cpuMicros),
    p50OfFew: round2(list.p50Ms / few.p50Ms),
  };
  if (json) {
    const load = { concurrency: CONCURRENCY, pageSize: PAGE_SIZE, clones: CLONES };
    console.info(JSON.stringify({ bench: 'list', ...load, measured, ratios, budget: BUDGET }));
    return;
  }
  console.info(`pages of ${PAGE_SIZE}, latency, CPU per page; ${CONCURRENCY} in flight\n`);
  for (const kind of KINDS) console.info(line(kind, measured[kind]));
  console.info(`
CPU, ListClones / rows by node-pg, encoded      ${ratios.ofRows}  (budget <= ${BUDGET.ofRows})
CPU, ListClones at ${CLONES.list} / at ${CLONES.few} clones    ${ratios.cpuOfFew}
p50, ListClones at ${CLONES.list} / at ${CLONES.few} clones    ${ratios.p50OfFew}`);
}

function line(kind: keyof Kinds<unknown>, of: Measured): string {
  return [
    NAMES[kind].padEnd(26),
    `${CLONES[kind]} clones`.padStart(14),
    `${of.pagesPerSecond}/s`.padStart(8),
    `p50 ${of.p50Ms} ms`.padStart(14),
    `p99 ${of.p99Ms} ms`.padStart(15),
    `${of.cpuMicros} us`.padStart(10),
  ].join('');
}
