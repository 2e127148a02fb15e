import type { Database, Session } from '@ramet/database';
import type { Clock } from '@ramet/service';

/** The class of the advisory locks that batches hold: the one in `accept_signatures`. */
export const LOCK_CLASS = 7_320_001;

/** How long answers may take to go out of a process once they are written. */
const FLUSH_MS = 1;

/** How long a lock may wait for the next batch to take it along, before it is given back alone. */
const IDLE_MS = 4;

const UNLOCK = `
  select pg_advisory_unlock_shared(${LOCK_CLASS}, done) from unnest($1::integer[]) as done`;

/** A batch whose answers are not out yet. */
export interface BatchLock {
  readonly number: number;
  /** Whether the lock is gone with its connection: then nobody waits for these answers. */
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
  #session: Session | undefined;
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
      const session = await this.#connected();
      const result = await work(session.query, number, this.#done.splice(0));
      return { result, lock: this.#lockOf(session, number) };
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

  #lockOf(session: Session, number: number): BatchLock {
    return {
      number,
      isLost: () => this.#session !== session || session.isLost(),
      release: () => {
        this.#clock.after(FLUSH_MS, () => {
          if (this.#session !== session) return;
          this.#done.push(number);
          this.#settle();
        });
      },
    };
  }

  async #connected(): Promise<Session> {
    this.#session ??= await this.#db.reserve();
    return this.#session;
  }

  /** After a failure: what the connection held goes with it, and late answers are dropped. */
  async #disconnect(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#done = [];
    await session?.[Symbol.asyncDispose]();
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
    if (done.length === 0 || !this.#session) return;
    try {
      await this.#session.query(UNLOCK, [done]);
    } catch {
      await this.#disconnect();
    }
  }
}
