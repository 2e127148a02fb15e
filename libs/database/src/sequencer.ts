import type { Bus } from './bus.js';
import type { Database, Session } from './database.js';
import { startNumbering } from './numbering.js';
import type { Clock, Logger } from './ports.js';
import { relay } from './relay.js';
import { createWaker, type Waker } from './waker.js';

export interface SequencerOptions {
  readonly db: Database;
  /** The name in subjects and message ids. */
  readonly service: string;
  /** Where to publish. Without one, rows only get their positions. */
  readonly bus?: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long history of another replica may go unnoticed when no wake-up gets through. */
  readonly pollMs?: number;
}

/** What gives committed history its positions. One replica of a service leads at a time. */
export interface Sequencer extends AsyncDisposable {
  readonly isLeading: boolean;
  /** Has it look for history without a position. Commits through `appendHistory` do so. */
  wake(): void;
}

/** Any number, as long as it is used for nothing but sequencing. */
const SEQUENCER_LOCK = 7_310_003;

const POLL_MS = 2_000;
/** What is written within this time is numbered, read and published together. */
const GATHER_MS = 5;

/** A leader that is frozen is let go by the server after this, and another one takes over. */
const FROZEN_MS = 15_000;

/**
 * Starts to number the committed history of a service, and to publish it.
 *
 * Leadership is a lock of a connection's session, so that a leader whose connection is gone cannot
 * number any more: its statements run on that same connection.
 */
export function startSequencer(options: SequencerOptions): Sequencer {
  const { db, bus, service, clock } = options;
  const stop = new AbortController();
  const waker = createWaker(clock);
  const leadership = { isLeading: false };
  const others = `ramet-wake.${service}.written`;

  const quits = [
    db.written.listen(() => {
      waker.wake();
      if (!leadership.isLeading) bus?.signal(others);
    }),
    bus?.subscribe(others, () => waker.wake()),
  ];
  const running = run(options, leadership, waker, stop.signal);

  return {
    get isLeading() {
      return leadership.isLeading;
    },
    wake: () => db.written.ring(),
    async [Symbol.asyncDispose]() {
      for (const quit of quits) quit?.();
      stop.abort();
      await running;
    },
  };
}

interface Leadership {
  isLeading: boolean;
}

/** Tries to lead, leads, and tries again when leadership is lost. */
async function run(
  options: SequencerOptions,
  leadership: Leadership,
  waker: Waker,
  signal: AbortSignal,
): Promise<void> {
  const { db, clock, logger, pollMs = POLL_MS } = options;
  while (!signal.aborted) {
    try {
      await using session = await db.reserve();
      await untilLocked(session, options, signal);
      leadership.isLeading = !signal.aborted;
      if (leadership.isLeading) await lead(session, options, waker, signal);
    } catch (thrown) {
      logger.warn('the sequencer lost its connection', {
        schema: db.schema,
        error: String(thrown),
      });
    }
    leadership.isLeading = false;
    if (!signal.aborted) await clock.sleep(pollMs / 2, signal);
  }
}

async function untilLocked(
  session: Session,
  { db, clock, pollMs = POLL_MS }: SequencerOptions,
  signal: AbortSignal,
): Promise<void> {
  await session.query(`set idle_session_timeout = ${FROZEN_MS}`);
  const sql = 'select pg_try_advisory_lock($1, hashtext($2)) as locked';
  while (!signal.aborted) {
    const [row] = await session.query<{ locked: boolean }>(sql, [SEQUENCER_LOCK, db.schema]);
    if (row?.locked) return;
    await clock.sleep(pollMs, signal);
  }
}

/** Numbers what is there, again and again, and publishes beside it, until stopped or it fails. */
async function lead(
  session: Session,
  options: SequencerOptions,
  waker: Waker,
  signal: AbortSignal,
): Promise<void> {
  const { db, bus, clock, pollMs = POLL_MS } = options;
  await preferIndexes(session);
  await using numbering = await startNumbering(db, session);
  await using publishing = bus && startRelay({ ...options, bus });

  while (!signal.aborted) {
    const { count, isFull } = await numbering.next();
    if (count > 0) publishing?.wake();
    if (count > 0 && !isFull) await clock.sleep(GATHER_MS, signal);
    if (!isFull) await waker.wait(Math.min(pollMs, FROZEN_MS / 3), signal);
  }
  await session.query('select pg_advisory_unlock_all()');
}

function startRelay(options: SequencerOptions & { bus: Bus }): AsyncDisposable & { wake(): void } {
  const stop = new AbortController();
  const waker = createWaker(options.clock);
  const quit = options.bus.online.listen(() => waker.wake());
  const running = relay({ ...options, waker, signal: stop.signal });
  return {
    wake: () => waker.wake(),
    async [Symbol.asyncDispose]() {
      quit();
      stop.abort();
      await running;
    },
  };
}

/** The tables' statistics may be of when they were empty: no plan may read a whole history. */
async function preferIndexes(session: Session): Promise<void> {
  for (const plan of ['seqscan', 'hashjoin', 'mergejoin']) {
    await session.query(`set enable_${plan} = off`);
  }
}
