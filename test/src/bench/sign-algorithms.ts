import { ALGORITHMS } from './algorithms.js';
import { type Child, startChild } from './child.js';
import type { CryptoOrder, CryptoResult } from './crypto-load.js';
import { median, round2 } from './figures.js';
import { lineOf, type Measured, type Round } from './rounds.js';
import {
  ALL_OUT,
  type Load,
  measuredOf,
  PAYLOAD_BYTES,
  serveAs,
  startSignServer,
  type Target,
  turn,
  warmUp,
} from './sign-servers.js';
import { createIssuer } from './tokens.js';

/** How long and how often to measure. */
export interface SignOptions {
  readonly seconds: number;
  readonly rounds: number;
  /** How many callers there are, each with a key of its own. */
  readonly grants: number;
}

/** What one algorithm has come to. */
interface OfAlgorithm {
  readonly name: string;
  readonly measured: Measured;
  /** Of one thread of node:crypto. */
  readonly cryptoPerSecond: number;
  readonly cryptoCpuMicros: number;
  readonly ratios: {
    readonly ofBare: number;
    readonly ofPipeline: number;
    readonly ofCrypto: number;
    /** Server CPU over the bare echo, in signatures of node:crypto. */
    readonly cpuOfCrypto: number;
  };
}

/** What was measured of echoes and algorithms. */
export interface Algorithms {
  readonly bare: Measured;
  readonly pipeline: Measured;
  readonly algorithms: readonly OfAlgorithm[];
  readonly headline: {
    readonly ofPipeline: number;
    readonly ofBare: number;
    readonly cpuMicrosOverBare: number;
  };
}

/** The budget of DESIGN.md, section 8: of HMAC-SHA256. */
export const BUDGET = { ofPipeline: 0.6, ofBare: 0.45, cpuMicrosOverBare: 70 };

/** node:crypto needs less time than a server to show what it does. */
const CRYPTO_PART = 0.25;
const WARM_UP_CALLS = 3_000;

/**
 * Measures SignTransaction with each algorithm, next to an echo through the same pipeline, to a bare
 * echo, and to node:crypto alone.
 *
 * All take turns, so that what else the machine does meets all of them.
 */
export async function measureAlgorithms(
  databaseUrl: string,
  options: SignOptions,
): Promise<Algorithms> {
  const order = { issuer: createIssuer().pkcs8, databaseUrl };
  await using bare = startSignServer();
  await using pipeline = startSignServer();
  await using keys = startSignServer();
  await using load: Load = startChild('load.js');
  await using alone: Child<CryptoOrder, CryptoResult> = startChild('crypto-load.js');
  const address = await serveAs('keys', keys, order);
  const signers: Target[] = [];
  for (const { algorithm, name } of ALGORITHMS) {
    const wish = { ask: 'callers', algorithm, count: options.grants } as const;
    const { callers } = await keys.ask(wish);
    signers.push({ name, server: keys, address, callers, rounds: [] });
  }
  const callers = signers[0]?.callers ?? [];
  const echoes: readonly [Target, Target] = [
    await echo({ name: 'bare grpc-js echo', kind: 'bare', server: bare, callers }, order),
    await echo(
      { name: 'echo through libs/rpc', kind: 'pipeline', server: pipeline, callers },
      order,
    ),
  ];

  for (const target of echoes) await warmUp(load, target);
  for (const target of signers)
    await warmUp(load, target, target === signers[0] ? undefined : WARM_UP_CALLS);
  const crypto = new Map<string, CryptoResult[]>(ALGORITHMS.map(({ name }) => [name, []]));
  const ms = options.seconds * 1_000;
  for (let round = 0; round < options.rounds; round += 1) {
    for (const target of [...echoes, ...signers])
      target.rounds.push(await turn(load, target, { pace: ALL_OUT, ms }));
    for (const { algorithm, name } of ALGORITHMS) {
      const wish = { algorithm, payloadBytes: PAYLOAD_BYTES, ms: ms * CRYPTO_PART };
      crypto.get(name)?.push(await alone.ask(wish));
    }
  }
  return compare(echoes, signers, crypto);
}

async function echo(
  { kind, ...target }: Pick<Target, 'name' | 'server' | 'callers'> & { kind: 'bare' | 'pipeline' },
  order: Parameters<typeof serveAs>[2],
): Promise<Target> {
  return { ...target, address: await serveAs(kind, target.server, order), rounds: [] };
}

function compare(
  [first, second]: readonly [Target, Target],
  signers: readonly Target[],
  crypto: ReadonlyMap<string, readonly CryptoResult[]>,
): Algorithms {
  const [bare, pipeline] = [measuredOf(first), measuredOf(second)];
  const algorithms = signers.map((target): OfAlgorithm => {
    const measured = measuredOf(target);
    const rounds = crypto.get(target.name) ?? [];
    const cryptoPerSecond = Math.round(median(rounds.map(({ perSecond }) => perSecond)));
    const cryptoCpuMicros = round2(median(rounds.map(({ cpuMicros }) => cpuMicros)));
    const over = measured.serverCpuMicros - bare.serverCpuMicros;
    const ratios = {
      ofBare: ratioOf(target, first),
      ofPipeline: ratioOf(target, second),
      ofCrypto: round4(measured.callsPerSecond / cryptoPerSecond),
      cpuOfCrypto: round2(over / cryptoCpuMicros),
    };
    return { name: target.name, measured, cryptoPerSecond, cryptoCpuMicros, ratios };
  });
  const [hmac] = algorithms;
  if (!hmac) throw new Error('nothing was measured');
  const { ofBare, ofPipeline } = hmac.ratios;
  const cpuMicrosOverBare = hmac.measured.serverCpuMicros - bare.serverCpuMicros;
  return { bare, pipeline, algorithms, headline: { ofPipeline, ofBare, cpuMicrosOverBare } };
}

/** The median round's: those of a round came one after the other, on the same busy machine. */
function ratioOf(target: Target, echoed: Target): number {
  const rate = (round: Round | undefined): number =>
    round ? round.result.calls / round.result.ms : Number.NaN;
  return round2(median(target.rounds.map((round, nth) => rate(round) / rate(echoed.rounds[nth]))));
}

/** Prints what was measured. */
export function reportAlgorithms({ bare, pipeline, algorithms, headline }: Algorithms): void {
  console.info('calls/s, latency, CPU per call; 64 calls in flight from one client process\n');
  console.info(lineOf('bare grpc-js echo', bare));
  console.info(lineOf('echo through libs/rpc', pipeline));
  for (const { name, measured } of algorithms) console.info(lineOf(name, measured));
  console.info('\nof the bare echo, of the echo through libs/rpc, of one thread of node:crypto;');
  console.info('server CPU over the bare echo, in signatures of node:crypto\n');
  for (const { name, ratios, cryptoPerSecond, cryptoCpuMicros } of algorithms) {
    const columns = [
      name.padEnd(24),
      String(ratios.ofBare).padStart(6),
      String(ratios.ofPipeline).padStart(6),
      String(ratios.ofCrypto).padStart(8),
      `(${cryptoPerSecond}/s)`.padStart(12),
      `CPU ${ratios.cpuOfCrypto}`.padStart(12),
      `(${cryptoCpuMicros} us)`.padStart(13),
    ];
    console.info(columns.join(''));
  }
  console.info(`
HMAC-SHA256 / echo through libs/rpc      ${headline.ofPipeline}  (budget >= ${BUDGET.ofPipeline})
HMAC-SHA256 / bare echo                  ${headline.ofBare}  (budget >= ${BUDGET.ofBare})
server CPU per call over the bare echo   ${headline.cpuMicrosOverBare} us  (budget <= ${BUDGET.cpuMicrosOverBare} us)
`);
}

function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
