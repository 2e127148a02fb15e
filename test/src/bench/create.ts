import { systemIds } from '@ramet/service';
import pg from 'pg';
import { startChild } from './child.js';
import type { CreateOrder, Creator } from './create-load.js';
import type { RowsOrder } from './create-rows.js';
import type { CreateServerAnswer, CreateServerQuestion } from './create-server.js';
import { withPostgres } from './durable-postgres.js';
import { round2 } from './figures.js';
import type { LoadResult } from './load.js';
import { lineOf, type Measured, type Round, roundOf, summaryOf, usedBy } from './rounds.js';
import { createIssuer } from './tokens.js';

interface Options {
  readonly json: boolean;
  readonly seconds: number;
  readonly rounds: number;
}

const KINDS = ['bare', 'rows', 'create'] as const;
type Kinds<Value> = Record<(typeof KINDS)[number], Value>;

const NAMES: Kinds<string> = {
  bare: 'bare grpc-js echo',
  rows: 'rows by node-pg',
  create: 'CreateClone',
};
const CONCURRENCY = 64;
const OWNERS = 64;
const WARM_UP_MS = 2_000;

/** The budget of DESIGN.md, section 8. */
const BUDGET = { ofRows: 2, ofBare: 0.35 };

type Turn = (ms: number) => Promise<Round>;

/**
 * Measures CreateClone, next to a bare echo of the same sizes and to the same rows written by
 * node-pg, a transaction each.
 *
 * Servers, clients and writers are processes of their own; the three take turns, so that what else
 * the machine does meets all of them. PostgreSQL is durable. Nobody reconciles meanwhile.
 */
export async function benchCreate(options: Options): Promise<void> {
  await withPostgres(async (urlOf) => {
    report(await measure(urlOf('postgres'), options), options);
  });
}

async function measure(databaseUrl: string, options: Options): Promise<Kinds<Measured>> {
  const issuer = createIssuer();
  await using bare = startChild<CreateServerQuestion, CreateServerAnswer>('create-server.js');
  await using real = startChild<CreateServerQuestion, CreateServerAnswer>('create-server.js');
  await using load = startChild<CreateOrder, LoadResult>('create-load.js');
  await using rows = startChild<RowsOrder, LoadResult>('create-rows.js');
  const order = { ask: 'start', issuer: issuer.pkcs8, databaseUrl } as const;
  const echo = await bare.ask({ ...order, kind: 'bare' });
  const lifecycle = await real.ask({ ...order, kind: 'lifecycle' });
  await copyTables(databaseUrl);

  const creators = Array.from({ length: OWNERS }, (): Creator => {
    const userId = systemIds.make('usr');
    return { userId, token: issuer.token({ sub: userId, kind: 'user' }) };
  });
  const botId = systemIds.make('bot');
  const creating = { creators, botId, concurrency: CONCURRENCY };
  const owners = creators.map(({ userId }) => userId);
  const turns: Kinds<Turn> = {
    bare: (ms) => roundOf(usedBy(bare), () => load.ask({ ...creating, address: echo.address, ms })),
    rows: async (ms) => {
      const result = await rows.ask({ databaseUrl, owners, concurrency: CONCURRENCY, ms });
      return { result, cpuMicros: result.cpuMicros, residentBytes: 0 };
    },
    create: (ms) =>
      roundOf(usedBy(real), () => load.ask({ ...creating, address: lifecycle.address, ms })),
  };
  // Awaited here: the processes end with this function.
  return await takeTurns(turns, options);
}

/** The same tables apart, with the indexes and constraints that matter to who writes them. */
async function copyTables(databaseUrl: string): Promise<void> {
  const tables = ['request_id', 'quota', 'clone', 'quota_entry', 'work', 'action', 'history'];
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query('create schema bench_rows');
  for (const table of tables) {
    await client.query(`create table bench_rows.${table} (like lifecycle.${table} including all)`);
  }
  await client.query(`
    create function bench_rows.ramet_now() returns timestamptz language sql stable
    as $$ select lifecycle.ramet_now() $$`);
  await client.end();
}

async function takeTurns(turns: Kinds<Turn>, options: Options): Promise<Kinds<Measured>> {
  const rounds: Kinds<Round[]> = { bare: [], rows: [], create: [] };
  for (const kind of KINDS) await turns[kind](WARM_UP_MS);
  for (let round = 0; round < options.rounds; round += 1) {
    for (const kind of KINDS) rounds[kind].push(await turns[kind](options.seconds * 1_000));
  }
  return {
    bare: summaryOf(NAMES.bare, rounds.bare),
    rows: summaryOf(NAMES.rows, rounds.rows),
    create: summaryOf(NAMES.create, rounds.create),
  };
}

function report(measured: Kinds<Measured>, { json }: Options): void {
  const { bare, rows, create } = measured;
  const ratios = {
    ofRows: round2(create.callsPerSecond / rows.callsPerSecond),
    ofBare: round2(create.callsPerSecond / bare.callsPerSecond),
    cpuMicrosOverBare: create.serverCpuMicros - bare.serverCpuMicros,
  };
  if (json) {
    const load = { concurrency: CONCURRENCY, owners: OWNERS };
    console.info(JSON.stringify({ bench: 'create', ...load, measured, ratios, budget: BUDGET }));
    return;
  }
  console.info('creations/s, latency, CPU per creation; 64 in flight from one client process\n');
  for (const kind of KINDS) console.info(lineOf(NAMES[kind], measured[kind]));
  console.info(`
CreateClone / rows by node-pg   ${ratios.ofRows}  (budget >= ${BUDGET.ofRows})
CreateClone / bare echo         ${ratios.ofBare}  (budget >= ${BUDGET.ofBare})
server CPU over the bare echo   ${ratios.cpuMicrosOverBare} us`);
}
