import { KeyAlgorithm } from '@ramet/proto-gen/keys.v1';
import { startChild } from './child.js';
import { createDatabase } from './durable-postgres.js';
import { atShare, median, round1, round2 } from './figures.js';
import { type AuditResult, auditLog, fillLog } from './full-log.js';
import { lineOf, type Measured } from './rounds.js';
import type { SignOptions } from './sign-algorithms.js';
import {
  ALL_OUT,
  type Load,
  measuredOf,
  type SignServer,
  serveAs,
  startSignServer,
  type Target,
  turn,
  warmUp,
} from './sign-servers.js';
import { createIssuer } from './tokens.js';

/**
 * At half load rounds are shorter, and more: whatever else the machine does for a moment is in the
 * p99 of a few rounds, and not in the median of all.
 */
const SHORTER = 2;
const MORE_ROUNDS = 4;

/** How to measure at half load. */
export interface HalfLoadOptions extends SignOptions {
  /** How many rows the full log has. */
  readonly rows: number;
}

/** A server at half of what it can do. */
interface OfServer {
  readonly name: string;
  /** All that it can do. */
  readonly capacity: number;
  readonly half: Measured;
  /** The p99 of each round, and what it is of that of the bare echo, which came just before. */
  readonly p99Ms: readonly number[];
  readonly p99OfBare: readonly number[];
}

/** What was measured at half load. */
export interface HalfLoad {
  readonly servers: readonly OfServer[];
  readonly fillSeconds: number;
  readonly auditSeconds: number;
  readonly audit: AuditResult;
}

/** The budget of the p99, against that of a bare echo at half of its own load. */
export const HALF_LOAD_BUDGET = 3;

/**
 * Measures the latency of signing at half of the load that a server can bear, next to a bare echo at
 * half of its own: from a log that was empty, and from one that has many rows.
 *
 * Requests are sent when they are due, whether or not those before are answered, and their time
 * counts from when they were due.
 */
export async function measureHalfLoad(
  urlOf: (database: string) => string,
  options: HalfLoadOptions,
): Promise<HalfLoad> {
  const issuer = createIssuer();
  const order = { issuer: issuer.pkcs8, databaseUrl: '' };
  await using bare = startSignServer();
  await using empty = startSignServer();
  await using full = startSignServer();
  await using load: Load = startChild('load.js');
  const signer = async (name: string, server: SignServer, database: string): Promise<Target> => {
    const databaseUrl = await createDatabase(urlOf, database);
    const address = await serveAs('keys', server, { ...order, databaseUrl });
    const wish = { algorithm: KeyAlgorithm.HMAC_SHA256, count: options.grants };
    const { callers } = await server.ask({ ask: 'callers', ...wish });
    return { name, server, address, callers, rounds: [] };
  };
  const many = await signer(`from ${options.rows} rows`, full, 'bench_full');
  const filling = performance.now();
  const once = { ms: 0, pace: { kind: 'inFlight', count: 1, minCalls: 1 } } as const;
  await fillLog(urlOf('bench_full'), options.rows, () => turn(load, many, once));
  const fillSeconds = round1((performance.now() - filling) / 1_000);
  const none = await signer('from an empty log', empty, 'bench_empty');
  const address = await serveAs('bare', bare, order);
  const { callers } = none;
  const echo: Target = { name: 'bare grpc-js echo', server: bare, address, callers, rounds: [] };

  const servers = await compare(load, [echo, none, many], options);
  const auditing = performance.now();
  const audit = await auditLog(many.address, issuer);
  const auditSeconds = round1((performance.now() - auditing) / 1_000);
  return { servers, fillSeconds, auditSeconds, audit };
}

async function compare(
  load: Load,
  targets: readonly Target[],
  { seconds, rounds }: SignOptions,
): Promise<readonly OfServer[]> {
  const ms = seconds * 1_000;
  const paced = targets.map((target) => ({ target, half: { ...target, rounds: [] } as Target }));
  for (const { target } of paced) await warmUp(load, target);
  for (let round = 0; round < rounds; round += 1) {
    for (const { target } of paced)
      target.rounds.push(await turn(load, target, { pace: ALL_OUT, ms }));
  }
  const short = ms / SHORTER;
  for (let round = 0; round < rounds * MORE_ROUNDS; round += 1) {
    for (const { target, half } of paced) {
      const perSecond = measuredOf(target).callsPerSecond / 2;
      half.rounds.push(await turn(load, half, { pace: { kind: 'due', perSecond }, ms: short }));
    }
  }
  const p99Of = ({ rounds: all }: Target): readonly number[] =>
    all.map(({ result }) => round2(atShare(result.latencies, 0.99)));
  const ofEcho = paced[0] ? p99Of(paced[0].half) : [];
  return paced.map(({ target, half }) => ({
    name: target.name,
    capacity: measuredOf(target).callsPerSecond,
    half: measuredOf(half),
    p99Ms: p99Of(half),
    p99OfBare: p99Of(half).map((p99, round) => round2(p99 / (ofEcho[round] ?? 1))),
  }));
}

/** Prints what was measured. */
export function reportHalfLoad({ servers, fillSeconds, auditSeconds, audit }: HalfLoad): void {
  console.info('at half of what each can do, latency from when a request was due\n');
  for (const { name, half } of servers) console.info(lineOf(name, half));
  console.info('');
  for (const { name, capacity, p99Ms, p99OfBare } of servers) {
    console.info(
      `${name.padEnd(24)} can do ${capacity}/s; p99 ${round2(median(p99Ms))} ms, by round ${p99Ms.join(', ')}`,
    );
    if (servers[0]?.name === name) continue;
    const ratio = round2(median(p99OfBare));
    const verdict = ratio <= HALF_LOAD_BUDGET ? 'met' : 'missed';
    console.info(
      `${' '.repeat(24)} ${ratio} of the bare echo's  (budget <= ${HALF_LOAD_BUDGET}: ${verdict}; by round ${p99OfBare.join(', ')})`,
    );
  }
  console.info(
    `\nfilled in ${fillSeconds} s; its audit: ${audit.entries} entries, ${audit.heads} heads, no fault, ${auditSeconds} s`,
  );
}
