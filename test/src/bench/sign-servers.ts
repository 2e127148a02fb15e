import type { BenchCaller } from './calls.js';
import { type Child, startChild } from './child.js';
import type { LoadOrder, LoadResult, Pace } from './load.js';
import { type Measured, type Round, roundOf, summaryOf, usedBy } from './rounds.js';
import type { ServerAnswer, ServerKind, ServerQuestion } from './sign-server.js';

/** How much is in flight when a server is to do what it can. */
export const CONCURRENCY = 64;
/** How large what is signed is. */
export const PAYLOAD_BYTES = 100;
/** Until the compiler has seen enough: a busy machine takes its time. */
const WARM_UP_CALLS = 15_000;

/** A process that serves. */
export type SignServer = Child<ServerQuestion, ServerAnswer>;

/** The client process. */
export type Load = Child<LoadOrder, LoadResult>;

/** A server as somebody calls it, and the rounds that it has had. */
export interface Target {
  readonly name: string;
  readonly server: SignServer;
  readonly address: string;
  readonly callers: readonly BenchCaller[];
  readonly rounds: Round[];
}

/** As much as a server can do. */
export const ALL_OUT: Pace = { kind: 'inFlight', count: CONCURRENCY, minCalls: 0 };

/** Starts a server in a process of its own. */
export function startSignServer(): SignServer {
  return startChild('sign-server.js');
}

/** Has a process serve, and gives its address. */
export async function serveAs(
  kind: ServerKind,
  server: SignServer,
  order: { readonly issuer: string; readonly databaseUrl: string },
): Promise<string> {
  return (await server.ask({ ask: 'start', kind, ...order })).address;
}

/** Puts one round of load on a target. */
export function turn(load: Load, target: Target, order: Pick<LoadOrder, 'pace' | 'ms'>) {
  const { address, callers, server } = target;
  return roundOf(usedBy(server), () =>
    load.ask({ kind: 'sign', address, callers, payloadBytes: PAYLOAD_BYTES, ...order }),
  );
}

/** Calls a target until it is as fast as it gets. */
export async function warmUp(load: Load, target: Target, calls = WARM_UP_CALLS): Promise<void> {
  await turn(load, target, {
    ms: 0,
    pace: { ...ALL_OUT, kind: 'inFlight', count: CONCURRENCY, minCalls: calls },
  });
}

/** What all rounds of a target come to. */
export function measuredOf({ name, rounds }: Target): Measured {
  return summaryOf(name, rounds);
}
