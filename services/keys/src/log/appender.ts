import { createWaker } from '@ramet/database';
import type { Clock } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import { originOf } from '../domain/log.js';
import type { Appended, AppendResult, Edge, NewRecords, Places } from '../store/log-writer.js';
import { type EntryOf, growLog } from './grow.js';
import type { HeadSigner } from './head-signer.js';

export interface AppenderOptions {
  readonly logs: Logs;
  readonly signer: HeadSigner;
  readonly entryOf: EntryOf;
  /** Tells the world of a new head. Must not throw. */
  readonly publish: (appended: Appended) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The logs, as far as they are added to. */
interface Logs {
  edge(): Promise<Edge>;
  recorders(): Promise<readonly string[]>;
  append(upTo: Places, grow: (news: NewRecords, now: Date) => Appended): Promise<AppendResult>;
}

/** What adds the records of signatures and refusals to the logs of their owners. */
export interface Appender extends AsyncDisposable {
  /** Has it look for new records. */
  wake(): void;
}

/** What is recorded within this time comes into the logs together. */
const GATHER_MS = 250;
/** How long records of another replica, which was killed, may wait. */
const POLL_MS = 30_000;
const RETRY_MS = 1_000;
/** How long a transaction may take to record before what it has held up is looked at anew. */
const SETTLE_MS = 5_000;

/**
 * Starts to add to the logs, beside signing and never in its way.
 *
 * Every replica tries; a lock lets one at a time. What a killed one has left is done by the next.
 */
export function startAppender(options: AppenderOptions): Appender {
  const stop = new AbortController();
  const waker = createWaker(options.clock);
  const running = run(options, waker, stop.signal);
  return {
    wake: () => waker.wake(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function run(
  options: AppenderOptions,
  waker: ReturnType<typeof createWaker>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, logger } = options;
  let isStuck = false;
  while (!signal.aborted) {
    try {
      const isDone = await pass(options, signal);
      isStuck = false;
      await waker.wait(isDone ? POLL_MS : 0, signal);
      await clock.sleep(GATHER_MS, signal);
    } catch (thrown) {
      if (!isStuck) logger.warn('the logs are not added to', { error: thrown });
      isStuck = true;
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

/** Adds all that is there to the logs. Tells whether it could: another replica may be at it. */
async function pass(options: AppenderOptions, signal: AbortSignal): Promise<boolean> {
  const { logs, signer, clock } = options;
  const { logged, given, keys } = await logs.edge();
  if (isUpTo(logged, given)) return true;
  if (!(await untilSettled(options, signal))) return false;
  await signer.use(keys);
  while (!signal.aborted) {
    const begun = clock.elapsed();
    const result = await logs.append(given, (news, now) => grown(news, now, options));
    if (result.kind === 'busy') return false;
    for (const appended of result.logs) options.publish(appended);
    if (!result.isFull) return true;
    // Half of the time is for signing, however much there is to be made up for.
    await clock.sleep(clock.elapsed() - begun, signal);
  }
  return false;
}

function grown(
  { log, records }: NewRecords,
  now: Date,
  { signer, entryOf }: AppenderOptions,
): Appended {
  const next = growLog(log, records, entryOf);
  const { size } = next.log;
  const { root } = next;
  const note = signer.sign({ origin: originOf(log.owner), size, root, time: now });
  return { ...next, head: { size, root, at: now, note } };
}

function isUpTo(logged: Places, given: Places): boolean {
  return logged.signature >= given.signature && logged.denial >= given.denial;
}

/** Waits until those are done who are recording now: what they were given places for is there. */
async function untilSettled(
  { logs, clock }: AppenderOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const until = clock.elapsed() + SETTLE_MS;
  let waitingFor = await logs.recorders();
  for (let pollMs = 2; waitingFor.length > 0; pollMs = Math.min(pollMs * 2, 100)) {
    if (signal.aborted || clock.elapsed() > until) return false;
    await clock.sleep(pollMs, signal);
    const left = new Set(await logs.recorders());
    waitingFor = waitingFor.filter((id) => left.has(id));
  }
  return true;
}
