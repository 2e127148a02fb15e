import type { Database, Session } from '@ramet/database';
import { type Clock, startAge } from '@ramet/service';

/** The class of the advisory locks that batches hold: the one in `accept_signatures`. */
const LOCK_CLASS = 7_320_001;

/**
 * How long after its batch was begun an answer may go out. A process that was frozen does not know
 * whether it lost its connections meanwhile: whoever ends signing waits for longer than this.
 */
export const ANSWER_LIMIT_MS = 3_000;

/** How long answers may take to go out of a process once they are written. */
const FLUSH_MS = 1;

/** How long a lock may wait for the next batch to take it along, before it is given back alone. */
const IDLE_MS = 4;

const UNLOCK = `
  select pg_advisory_unlock_shared(${LOCK_CLASS}, done) from unnest($1::integer[]) as done`;

const OPEN = 'select open_lane() as number';
/** Each takes a connection of the pool that may be gone, too. */
const FORGET_ATTEMPTS = 12;
const FORGET_PAUSE_MS = 5;
const FORGET = 'delete from lane where number = $1';

/** A connection, as it was entered, and how many of its batches have answers in flight. */
interface Opened {
  readonly session: Session;
  readonly number: number;
  inFlight: number;
}

/** A batch whose answers are not out yet. */
export interface BatchLock {
  readonly number: number;
  /** Whether the lock is gone with its connection, or may be: then nobody waits for these answers. */
  isLost(): boolean;
  /** Gives the lock back, shortly after. */
  release(): void;
}

/**
 * A connection that batches run on, one at a time, and that holds their locks.
 *
 * Locks are given back with the next batch, or by a statement of their own when there is none.
 */
export class Lane implements AsyncDisposable {
  readonly #db: Database;
  readonly #clock: Clock;
  #opened: Opened | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #isBusy = false;
  #number = 0;
  #done: number[] = [];
  #stopTimer: (() => void) | undefined;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Runs one batch, given the connection, the number of its lock and the locks to give back. */
  async run<Result>(
    work: (query: Session['query'], batch: number, done: readonly number[]) => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly lock: BatchLock }> {
    this.#isBusy = true;
    await this.#running;
    this.#number = (this.#number % 2_147_483_647) + 1;
    const number = this.#number;
    try {
      const opened = await this.#connected();
      const age = startAge(this.#clock);
      const result = await work(opened.session.query, number, this.#done.splice(0));
      return { result, lock: this.#lockOf(opened, number, age) };
    } catch (thrown) {
      await this.#disconnect();
      throw thrown;
    } finally {
      this.#isBusy = false;
      this.#settle();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer?.();
    await this.#running;
    await this.#disconnect();
  }

  #lockOf(opened: Opened, number: number, age: () => number): BatchLock {
    opened.inFlight += 1;
    const isOld = (): boolean => age() > ANSWER_LIMIT_MS;
    return {
      number,
      isLost: () => this.#opened !== opened || opened.session.isLost() || isOld(),
      release: () => {
        this.#clock.after(FLUSH_MS, () => {
          opened.inFlight -= 1;
          if (this.#opened !== opened) {
            void this.#forget(opened);
            return;
          }
          this.#done.push(number);
          this.#settle();
        });
      },
    };
  }

  async #connected(): Promise<Opened> {
    if (this.#opened?.session.isLost()) await this.#disconnect();
    if (this.#opened) return this.#opened;
    const session = await this.#db.reserve();
    try {
      const [lane] = await session.query<{ readonly number: number }>(OPEN);
      const opened = { session, number: lane?.number ?? 0, inFlight: 0 };
      this.#opened = opened;
      session.whenLost(() => {
        if (this.#opened === opened) void this.#disconnect();
      });
      return opened;
    } catch (thrown) {
      await session[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** After a failure: what the connection held goes with it, and late answers are dropped. */
  async #disconnect(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#done = [];
    if (!opened) return;
    await opened.session[Symbol.asyncDispose]();
    await this.#forget(opened);
  }

  /** Tells that nobody has to wait for a connection that is gone, once no answer of it is in flight. */
  async #forget({ number, inFlight }: Opened): Promise<void> {
    if (inFlight > 0) return;
    for (let attempt = 1; attempt <= FORGET_ATTEMPTS; attempt += 1) {
      try {
        await this.#db.query(FORGET, [number]);
        return;
      } catch {
        // Other connections may be gone as well. If all else fails, it is forgotten after a while.
        await this.#clock.sleep(attempt * FORGET_PAUSE_MS);
      }
    }
  }

  #settle(): void {
    if (this.#done.length === 0 || this.#isBusy || this.#stopTimer) return;
    this.#stopTimer = this.#clock.after(IDLE_MS, () => {
      this.#stopTimer = undefined;
      if (!this.#isBusy) this.#running = this.#running.then(() => this.#unlock());
    });
  }

  async #unlock(): Promise<void> {
    const done = this.#done.splice(0);
    const session = this.#opened?.session;
    if (done.length === 0 || !session) return;
    try {
      await session.query(UNLOCK, [done]);
    } catch {
      await this.#disconnect();
    }
  }
}
