import type { Child } from './child.js';
import { atShare, inOrder, median, round2 } from './figures.js';
import type { LoadResult } from './load.js';

/** One round of load on a server, and what the server used for it. */
export interface Round {
  readonly result: LoadResult;
  readonly cpuMicros: number;
  readonly residentBytes: number;
}

/** What was measured of one server. */
export interface Measured {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverCpuMicros: number;
  readonly clientCpuMicros: number;
  readonly residentMb: number;
}

/** What a server says of itself. */
interface Used {
  readonly cpuMicros: number;
  readonly residentBytes: number;
}

/** Puts a load on a server, and asks it before and after what it has used. */
export async function roundOf(
  used: () => Promise<Used>,
  load: () => Promise<LoadResult>,
): Promise<Round> {
  const before = await used();
  const result = await load();
  const { cpuMicros, residentBytes } = await used();
  return { result, cpuMicros: cpuMicros - before.cpuMicros, residentBytes };
}

/** How to ask a process of a benchmark what it has used. */
export function usedBy(server: Child<{ readonly ask: 'cpu' }, Used>): () => Promise<Used> {
  return () => server.ask({ ask: 'cpu' });
}

/** The median round, and all calls. Throws if one has failed. */
export function summaryOf(name: string, rounds: readonly Round[]): Measured {
  const failed = rounds.find(({ result }) => result.failures > 0);
  if (failed) throw new Error(`${name}: ${failed.result.firstFailure}`);
  const per = (of: (round: Round) => number): number => median(rounds.map(of));
  const latencies = inOrder(rounds.map(({ result }) => result));
  return {
    callsPerSecond: Math.round(per(({ result }) => (result.calls / result.ms) * 1_000)),
    p50Ms: round2(atShare(latencies, 0.5)),
    p99Ms: round2(atShare(latencies, 0.99)),
    serverCpuMicros: Math.round(per(({ result, cpuMicros }) => cpuMicros / result.calls)),
    clientCpuMicros: Math.round(per(({ result }) => result.cpuMicros / result.calls)),
    residentMb: Math.round(Math.max(...rounds.map((round) => round.residentBytes)) / 1e6),
  };
}

/** What was measured as a line of a table. */
export function lineOf(name: string, of: Measured): string {
  return [
    name.padEnd(24),
    `${of.callsPerSecond}/s`.padStart(9),
    `p50 ${of.p50Ms} ms`.padStart(14),
    `p99 ${of.p99Ms} ms`.padStart(14),
    `server ${of.serverCpuMicros} us`.padStart(15),
    `client ${of.clientCpuMicros} us`.padStart(15),
    `${of.residentMb} MB`.padStart(8),
  ].join('');
}
