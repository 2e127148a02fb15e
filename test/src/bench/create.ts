import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@ramet/local/engines';
import { systemIds } from '@ramet/service';
import pg from 'pg';
import { type Child, startChild } from './child.js';
import type { CreateOrder, Creator } from './create-load.js';
import type { RowsOrder } from './create-rows.js';
import type { CreateServerAnswer, CreateServerQuestion } from './create-server.js';
import type { LoadResult } from './load.js';
import { createIssuer } from './tokens.js';

interface Options {
  readonly json: boolean;
  readonly seconds: number;
  readonly rounds: number;
}

/** What was measured of one way to create. */
interface Measured {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The server's; for rows, of whoever writes them. */
  readonly cpuMicros: number;
  readonly clientCpuMicros: number;
  readonly residentMb: number;
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

/** One round of one way to create. */
interface Round {
  readonly result: LoadResult;
  readonly cpuMicros: number;
  readonly residentBytes: number;
}

type Turn = (ms: number) => Promise<Round>;

/**
 * Measures CreateClone, next to a bare echo of the same sizes and to the same rows written by
 * node-pg, a transaction each.
 *
 * Servers, clients and writers are processes of their own; the three take turns, so that what else
 * the machine does meets all of them. PostgreSQL is durable. Nobody reconciles meanwhile.
 */
export async function benchCreate(options: Options): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-bench-'));
  try {
    await using postgres = await startPostgres({
      folder: join(folder, 'postgres'),
      passwordFile: join(folder, 'password'),
      logFile: join(folder, 'postgres.log'),
    });
    report(await measure(postgres.adminUrl('postgres'), options), options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
    bare: served(bare, (ms) => load.ask({ ...creating, address: echo.address, ms })),
    rows: async (ms) => {
      const result = await rows.ask({ databaseUrl, owners, concurrency: CONCURRENCY, ms });
      return { result, cpuMicros: result.cpuMicros, residentBytes: 0 };
    },
    create: served(real, (ms) => load.ask({ ...creating, address: lifecycle.address, ms })),
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

function served(
  server: Child<CreateServerQuestion, CreateServerAnswer>,
  ask: (ms: number) => Promise<LoadResult>,
): Turn {
  return async (ms) => {
    const before = await server.ask({ ask: 'cpu' });
    const result = await ask(ms);
    const { cpuMicros, residentBytes } = await server.ask({ ask: 'cpu' });
    return { result, cpuMicros: cpuMicros - before.cpuMicros, residentBytes };
  };
}

async function takeTurns(turns: Kinds<Turn>, options: Options): Promise<Kinds<Measured>> {
  const rounds: Kinds<Round[]> = { bare: [], rows: [], create: [] };
  for (const kind of KINDS) await turns[kind](WARM_UP_MS);
  for (let round = 0; round < options.rounds; round += 1) {
    for (const kind of KINDS) rounds[kind].push(await turns[kind](options.seconds * 1_000));
  }
  return {
    bare: summary('bare', rounds.bare),
    rows: summary('rows', rounds.rows),
    create: summary('create', rounds.create),
  };
}

/** The median round, and all of its calls. */
function summary(kind: keyof Kinds<unknown>, rounds: readonly Round[]): Measured {
  const failed = rounds.find(({ result }) => result.failures > 0);
  if (failed) throw new Error(`${NAMES[kind]}: ${failed.result.firstFailure}`);
  const per = (of: (round: Round) => number): number => median(rounds.map(of));
  const latencies = rounds.flatMap(({ result }) => [...result.latencies]).sort((a, b) => a - b);
  return {
    callsPerSecond: Math.round(per(({ result }) => (result.calls / result.ms) * 1_000)),
    p50Ms: round2(latencies[Math.floor(latencies.length * 0.5)] ?? 0),
    p99Ms: round2(latencies[Math.floor(latencies.length * 0.99)] ?? 0),
    cpuMicros: Math.round(per(({ result, cpuMicros }) => cpuMicros / result.calls)),
    clientCpuMicros: Math.round(per(({ result }) => result.cpuMicros / result.calls)),
    residentMb: Math.round(Math.max(...rounds.map((round) => round.residentBytes)) / 1e6),
  };
}

function report(measured: Kinds<Measured>, { json }: Options): void {
  const { bare, rows, create } = measured;
  const ratios = {
    ofRows: round2(create.callsPerSecond / rows.callsPerSecond),
    ofBare: round2(create.callsPerSecond / bare.callsPerSecond),
    cpuMicrosOverBare: create.cpuMicros - bare.cpuMicros,
  };
  if (json) {
    const load = { concurrency: CONCURRENCY, owners: OWNERS };
    console.info(JSON.stringify({ bench: 'create', ...load, measured, ratios, budget: BUDGET }));
    return;
  }
  console.info('creations/s, latency, CPU per creation; 64 in flight from one client process\n');
  for (const kind of KINDS) console.info(line(NAMES[kind], measured[kind]));
  console.info(`
CreateClone / rows by node-pg   ${ratios.ofRows}  (budget >= ${BUDGET.ofRows})
CreateClone / bare echo         ${ratios.ofBare}  (budget >= ${BUDGET.ofBare})
server CPU over the bare echo   ${ratios.cpuMicrosOverBare} us`);
}

function line(name: string, of: Measured): string {
  return [
    name.padEnd(20),
    `${of.callsPerSecond}/s`.padStart(9),
    `p50 ${of.p50Ms} ms`.padStart(14),
    `p99 ${of.p99Ms} ms`.padStart(14),
    `server ${of.cpuMicros} us`.padStart(15),
    `client ${of.clientCpuMicros} us`.padStart(15),
    `${of.residentMb} MB`.padStart(8),
  ].join('');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
