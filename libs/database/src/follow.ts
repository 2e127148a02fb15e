import type { Bus } from './bus.js';
import type { Database } from './database.js';
import { type HistoryRow, isFullPage, lastPosition, readHistory } from './history.js';
import type { Clock, Logger } from './ports.js';
import type { Ring } from './ring.js';
import { createWaker, type Waker } from './waker.js';

export interface TailerOptions {
  readonly db: Database;
  readonly service: string;
  readonly bus?: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long new history may go unnoticed when no wake-up gets through. */
  readonly pollMs?: number;
}

export interface FollowOptions {
  /** The last position already seen. */
  readonly after: bigint;
  readonly signal: AbortSignal;
  /** Rows that it refuses are passed over. It must be quick: it runs once per row and follower. */
  readonly filter?: (row: HistoryRow) => boolean;
}

/** Lets many follow the history of a service while one reads it. */
export interface Tailer extends AsyncDisposable {
  /**
   * Yields the rows after a position in order, each once, then new ones as they come, until aborted.
   *
   * A slow follower costs no memory: once it is too far behind the others it reads by itself.
   * Throws DATABASE_UNAVAILABLE only while it does that; begin again from the last row then.
   */
  follow(options: FollowOptions): AsyncGenerator<HistoryRow>;
  /** Yields the same as `follow`, many rows at a time. */
  followPages(options: FollowOptions): AsyncGenerator<readonly HistoryRow[]>;
}

const POLL_MS = 1_000;
const RETRY_MS = 500;
const PAGE = 500;

/**
 * Starts the one reader of this process. It reads only while anybody follows, and while the
 * sequencer of this process does not lead: what that has numbered is in memory.
 */
export function startTailer(options: TailerOptions): Tailer {
  const { db, bus, service, clock } = options;
  const stop = new AbortController();
  const waker = createWaker(clock);
  const ring = db.newest;
  const quit = bus?.subscribe(`ramet.${service}.>`, () => waker.wake());
  let followers = 0;
  let running: Promise<void> | undefined;

  function start(): void {
    if (followers === 0 || running || stop.signal.aborted) return;
    const isNeeded = (): boolean => followers > 0;
    running = tail(options, { ring, waker, isNeeded, signal: stop.signal }).finally(() => {
      running = undefined;
      start();
    });
  }

  async function* followPages(from: FollowOptions): AsyncGenerator<readonly HistoryRow[]> {
    followers += 1;
    start();
    try {
      yield* pages(db, ring, from, stop.signal);
    } finally {
      followers -= 1;
    }
  }

  return {
    followPages,
    async *follow(from) {
      for await (const page of followPages(from)) yield* page;
    },
    async [Symbol.asyncDispose]() {
      quit?.();
      stop.abort();
      ring.grown.ring();
      await running;
    },
  };
}

interface Tail {
  readonly ring: Ring;
  readonly waker: Waker;
  readonly isNeeded: () => boolean;
  readonly signal: AbortSignal;
}

/** Reads new rows into the ring until nobody needs them. */
async function tail(
  { db, clock, logger, pollMs = POLL_MS }: TailerOptions,
  { ring, waker, isNeeded, signal }: Tail,
): Promise<void> {
  let isBegun = false;
  while (isNeeded() && !signal.aborted) {
    try {
      const isMore = !ring.isFed() && (await readOn(db, ring, isBegun));
      isBegun = true;
      if (!isMore) await waker.wait(pollMs, signal);
    } catch (thrown) {
      logger.warn('history cannot be read', { schema: db.schema, error: String(thrown) });
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

/** Reads a page of what follows. Tells whether there may be more. */
async function readOn(db: Database, ring: Ring, isBegun: boolean): Promise<boolean> {
  const after = isBegun ? ring.last : await lastPosition(db);
  const rows = await readHistory(db, { after, limit: PAGE });
  ring.push(after, rows);
  return isFullPage(rows, PAGE);
}

/** One follower: from the ring where that reaches back far enough, else from the table. */
async function* pages(
  db: Database,
  ring: Ring,
  { after, filter = () => true, signal }: FollowOptions,
  stop: AbortSignal,
): AsyncGenerator<readonly HistoryRow[]> {
  let last = after;
  while (!signal.aborted && !stop.aborted) {
    const { floor } = ring;
    const held = ring.after(last, PAGE);
    const rows = held ?? (await readHistory(db, { after: last, limit: PAGE }));
    const newest = rows.at(-1);
    if (newest) {
      last = newest.position;
      const wanted = rows.filter(filter);
      if (wanted.length > 0) yield wanted;
    } else if (last < floor) {
      // What was between has been pruned.
      last = floor;
    } else {
      await untilGrown(ring, last, [signal, stop]);
    }
  }
}

async function untilGrown(
  ring: Ring,
  last: bigint,
  signals: readonly AbortSignal[],
): Promise<void> {
  if (ring.last > last || signals.some(({ aborted }) => aborted)) return;
  const [signal] = signals;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      quit();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const quit = ring.grown.listen(done);
    signal?.addEventListener('abort', done);
  });
}
