// One client process: calls for a while, and measures how long each call takes.
import { type BenchCaller, type CallOrder, callsOf, type OneCall } from './calls.js';
import { answerParent } from './child.js';

/** What to do. */
export interface LoadOrder extends CallOrder {
  /** Each in turn is one of the callers. */
  readonly callers: readonly BenchCaller[];
  readonly ms: number;
  readonly pace: Pace;
}

/**
 * How calls follow each other: as many as there may be in flight; each caller once, so many of
 * them at a time; or one whenever it is due, however many are in flight.
 */
export type Pace =
  | { readonly kind: 'inFlight'; readonly count: number; readonly minCalls: number }
  | { readonly kind: 'once'; readonly count: number }
  | { readonly kind: 'due'; readonly perSecond: number };

/** What came of it. */
export interface LoadResult {
  readonly calls: number;
  readonly failures: number;
  readonly firstFailure: string;
  readonly ms: number;
  /** How long each call took, in milliseconds, in order; of calls that are due: since they were. */
  readonly latencies: Float64Array;
  readonly cpuMicros: number;
}

/** What counts the calls of an order. */
interface Tally {
  readonly start: number;
  readonly latencies: number[];
  readonly failures: string[];
}

/** How long to sleep between looking which calls are due. */
const TICK_MS = 1;

answerParent(async (order: LoadOrder): Promise<LoadResult> => {
  const tally: Tally = { start: performance.now(), latencies: [], failures: [] };
  const cpu = process.cpuUsage();
  await run(order, tally);
  const used = process.cpuUsage(cpu);
  return {
    calls: tally.latencies.length,
    failures: tally.failures.length,
    firstFailure: tally.failures[0] ?? '',
    ms: performance.now() - tally.start,
    latencies: Float64Array.from(tally.latencies).sort(),
    cpuMicros: used.user + used.system,
  };
});

function run(order: LoadOrder, tally: Tally): Promise<unknown> {
  const calls = order.callers.map((caller) => callsOf(order, caller));
  const { pace, ms } = order;
  switch (pace.kind) {
    case 'inFlight':
      return keepInFlight(calls, { ...pace, ms }, tally);
    case 'once':
      return callOnceEach(calls, pace.count, tally);
    case 'due':
      return callWhenDue(calls, { ...pace, ms }, tally);
  }
}

function keepInFlight(
  calls: readonly OneCall[],
  {
    count,
    minCalls,
    ms,
  }: { readonly count: number; readonly minCalls: number; readonly ms: number },
  tally: Tally,
): Promise<unknown> {
  const until = tally.start + ms;
  const worker = async (index: number): Promise<void> => {
    const call = calls[index % calls.length];
    while (call && (performance.now() < until || tally.latencies.length < minCalls))
      await measured(call, performance.now(), tally);
  };
  return Promise.all(Array.from({ length: count }, (_, index) => worker(index)));
}

function callOnceEach(calls: readonly OneCall[], count: number, tally: Tally): Promise<unknown> {
  const left = [...calls];
  const worker = async (): Promise<void> => {
    for (let call = left.pop(); call; call = left.pop())
      await measured(call, performance.now(), tally);
  };
  return Promise.all(Array.from({ length: count }, worker));
}

/** No call waits for another one: what a slow answer holds up is counted as slow too. */
async function callWhenDue(
  calls: readonly OneCall[],
  { perSecond, ms }: { readonly perSecond: number; readonly ms: number },
  tally: Tally,
): Promise<void> {
  const total = Math.floor((ms / 1_000) * perSecond);
  const open: Promise<void>[] = [];
  const dueAt = (nth: number): number => tally.start + (nth * 1_000) / perSecond;
  while (open.length < total) {
    for (; open.length < total && dueAt(open.length) <= performance.now(); ) {
      const call = calls[open.length % calls.length];
      if (!call) return;
      open.push(measured(call, dueAt(open.length), tally));
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(open);
}

async function measured(call: OneCall, since: number, tally: Tally): Promise<void> {
  const error = await call();
  tally.latencies.push(performance.now() - since);
  if (error) tally.failures.push(error.message);
}
