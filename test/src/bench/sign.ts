import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@ramet/local/engines';
import { type Child, startChild } from './child.js';
import type { LoadOrder, LoadResult } from './load.js';
import type { ServerAnswer, ServerKind, ServerQuestion } from './sign-server.js';
import { createIssuer } from './tokens.js';

interface Options {
  readonly json: boolean;
  readonly seconds: number;
  readonly rounds: number;
  readonly grants: number;
}

/** What was measured of one server. */
interface Measured {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverCpuMicros: number;
  readonly clientCpuMicros: number;
  readonly failures: number;
  readonly residentMb: number;
}

type Kinds<Value> = Record<ServerKind, Value>;

const KINDS = ['bare', 'pipeline', 'keys'] as const;
const NAMES: Kinds<string> = {
  bare: 'bare grpc-js echo',
  pipeline: 'echo through libs/rpc',
  keys: 'SignTransaction',
};
const CONCURRENCY = 64;
const PAYLOAD_BYTES = 100;
/** Until the compiler has seen enough: a busy machine takes its time. */
const WARM_UP_CALLS = 15_000;

/** The budget of DESIGN.md, section 8. */
const BUDGET = { ofPipeline: 0.6, ofBare: 0.45, cpuMicrosOverBare: 70 };

interface Target {
  readonly kind: ServerKind;
  readonly server: Child<ServerQuestion, ServerAnswer>;
  readonly address: string;
  readonly rounds: { result: LoadResult; cpuMicros: number; residentBytes: number }[];
}

/**
 * Measures SignTransaction, next to an echo through the same pipeline and to a bare echo.
 *
 * The servers and the clients are processes of their own; the three take turns, so that what else
 * the machine does meets all of them. The log of signatures is durable: PostgreSQL with fsync.
 */
export async function benchSign(options: Options): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-bench-'));
  try {
    await using postgres = await startPostgres({
      folder: join(folder, 'postgres'),
      passwordFile: join(folder, 'password'),
      logFile: join(folder, 'postgres.log'),
    });
    const measured = await measure(postgres.adminUrl('postgres'), options);
    report(measured, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(databaseUrl: string, options: Options): Promise<Kinds<Measured>> {
  const { pkcs8 } = createIssuer();
  const order = { issuer: pkcs8, databaseUrl, grants: options.grants };
  await using bare = startChild<ServerQuestion, ServerAnswer>('sign-server.js');
  await using pipeline = startChild<ServerQuestion, ServerAnswer>('sign-server.js');
  await using keys = startChild<ServerQuestion, ServerAnswer>('sign-server.js');
  await using load = startChild<LoadOrder, LoadResult>('load.js');
  const begin = async (kind: ServerKind, server: Target['server']) => {
    const { address, callers } = await server.ask({ ask: 'start', kind, ...order });
    return { kind, server, address, callers, rounds: [] };
  };
  const signer = await begin('keys', keys);
  const targets: readonly Target[] = [
    await begin('bare', bare),
    await begin('pipeline', pipeline),
    signer,
  ];

  const turn = {
    ...{ callers: signer.callers, concurrency: CONCURRENCY, payloadBytes: PAYLOAD_BYTES },
    minCalls: 0,
  };
  for (const { address } of targets)
    await load.ask({ ...turn, address, ms: 0, minCalls: WARM_UP_CALLS });
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { server, address, rounds } of targets) {
      const before = await server.ask({ ask: 'cpu' });
      const result = await load.ask({ ...turn, address, ms: options.seconds * 1_000 });
      const { cpuMicros, residentBytes } = await server.ask({ ask: 'cpu' });
      rounds.push({ result, cpuMicros: cpuMicros - before.cpuMicros, residentBytes });
    }
  }
  const [first, second, third] = targets.map(summary);
  if (!first || !second || !third) throw new Error('not all servers were measured');
  return { bare: first, pipeline: second, keys: third };
}

/** The median round of a server, and all of its calls. */
function summary({ kind, rounds }: Target): Measured {
  const failed = rounds.find(({ result }) => result.failures > 0);
  if (failed) throw new Error(`${NAMES[kind]}: ${failed.result.firstFailure}`);
  const per = (of: (round: Target['rounds'][number]) => number): number => median(rounds.map(of));
  const latencies = rounds.flatMap(({ result }) => [...result.latencies]).sort((a, b) => a - b);
  return {
    callsPerSecond: Math.round(per(({ result }) => (result.calls / result.ms) * 1_000)),
    p50Ms: round2(latencies[Math.floor(latencies.length * 0.5)] ?? 0),
    p99Ms: round2(latencies[Math.floor(latencies.length * 0.99)] ?? 0),
    serverCpuMicros: Math.round(per(({ result, cpuMicros }) => cpuMicros / result.calls)),
    clientCpuMicros: Math.round(per(({ result }) => result.cpuMicros / result.calls)),
    failures: 0,
    residentMb: Math.round(Math.max(...rounds.map((round) => round.residentBytes)) / 1e6),
  };
}

function report(measured: Kinds<Measured>, { json }: Options): void {
  const { bare, pipeline, keys } = measured;
  const ratios = {
    ofPipeline: round2(keys.callsPerSecond / pipeline.callsPerSecond),
    ofBare: round2(keys.callsPerSecond / bare.callsPerSecond),
    cpuMicrosOverBare: keys.serverCpuMicros - bare.serverCpuMicros,
  };
  if (json) {
    const load = { concurrency: CONCURRENCY, payloadBytes: PAYLOAD_BYTES };
    console.info(JSON.stringify({ bench: 'sign', ...load, measured, ratios, budget: BUDGET }));
    return;
  }
  console.info('calls/s, latency, CPU per call; 64 calls in flight from one client process\n');
  for (const kind of KINDS) console.info(line(NAMES[kind], measured[kind]));
  console.info(`
SignTransaction / echo through libs/rpc   ${ratios.ofPipeline}  (budget >= ${BUDGET.ofPipeline})
SignTransaction / bare echo               ${ratios.ofBare}  (budget >= ${BUDGET.ofBare})
server CPU per call over the bare echo    ${ratios.cpuMicrosOverBare} us  (budget <= ${BUDGET.cpuMicrosOverBare} us)`);
}

function line(name: string, of: Measured): string {
  return [
    name.padEnd(22),
    `${of.callsPerSecond}/s`.padStart(9),
    `p50 ${of.p50Ms} ms`.padStart(14),
    `p99 ${of.p99Ms} ms`.padStart(14),
    `server ${of.serverCpuMicros} us`.padStart(15),
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
