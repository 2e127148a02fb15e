// One client process of the revoke benchmark: calls one replica until it is refused.
import { setPriority } from 'node:os';
import { status } from '@grpc/grpc-js';
import { type BenchCaller, type CallOrder, callsOf } from './calls.js';
import { answerParent } from './child.js';

/** What to do. */
export type RevokeQuestion =
  /** To call until it is refused, and to tell how it went. */
  | { readonly ask: 'until refused'; readonly order: CallOrder; readonly caller: BenchCaller }
  /** To tell how many calls were accepted so far. */
  | { readonly ask: 'count' }
  /** To call for ever, beside the rest. */
  | { readonly ask: 'beside'; readonly order: CallOrder; readonly callers: readonly BenchCaller[] };

/** What came of it. Times are those of the machine's monotonic clock, in milliseconds. */
export interface RevokeAnswer {
  readonly accepted: number;
  readonly lastAcceptedAt: number;
  readonly firstRefusedAt: number;
  readonly refusal: string;
}

const WORKERS = 4;
/** Goes on for so long after the first refusal: one replica must not be of two minds. */
const AFTER_MS = 50;
const REFUSALS: ReadonlySet<status> = new Set([
  status.NOT_FOUND,
  status.FAILED_PRECONDITION,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
]);

let running = nothing();

try {
  // An answer that has come is read at once, however busy the machine is.
  setPriority(-10);
} catch {
  // Who is not allowed to has later times.
}

answerParent(async (question: RevokeQuestion): Promise<RevokeAnswer> => {
  switch (question.ask) {
    case 'until refused':
      running = nothing();
      await untilRefused(question.order, question.caller);
      return running;
    case 'count':
      return running;
    case 'beside':
      for (const caller of question.callers) void forEver(question.order, caller);
      return running;
  }
});

function nothing() {
  return { accepted: 0, lastAcceptedAt: 0, firstRefusedAt: 0, refusal: '' };
}

async function untilRefused(order: CallOrder, caller: BenchCaller): Promise<void> {
  const tally = running;
  const isOver = (): boolean =>
    tally.firstRefusedAt > 0 && monotonicMs() > tally.firstRefusedAt + AFTER_MS;
  const worker = async (): Promise<void> => {
    const call = callsOf(order, caller);
    while (!isOver()) {
      const error = await call();
      const at = monotonicMs();
      if (!error) {
        tally.accepted += 1;
        tally.lastAcceptedAt = at;
        continue;
      }
      if (!REFUSALS.has(error.code)) throw error;
      tally.firstRefusedAt ||= at;
      tally.refusal ||= error.details;
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
}

async function forEver(order: CallOrder, caller: BenchCaller): Promise<void> {
  const call = callsOf(order, caller);
  for (;;) await call();
}

/** All processes of a machine have this clock in common. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
