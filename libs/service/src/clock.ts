import { setTimeout as delay } from 'node:timers/promises';

/**
 * The process's time and timers, as a port: a simulation brings its own.
 *
 * What decides anything asks the database's clock instead, with `ramet_now()`.
 */
export interface Clock {
  now(): Date;
  /**
   * Milliseconds that only ever grow, for measuring how long something took. They may stand still while
   * the machine is suspended.
   */
  elapsed(): number;
  /** Waits. Returns early, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once after `ms`, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void;
}

/**
 * Starts to measure how old something is, for what may not be used for longer than a while. Returns a
 * function that tells the milliseconds since then.
 *
 * That is the longer of what both clocks say: `elapsed` may stand still while the machine is suspended,
 * and `now` may be set back. One that is set ahead makes things older than they are.
 */
export function startAge(clock: Pick<Clock, 'now' | 'elapsed'>): () => number {
  const elapsed = clock.elapsed();
  const now = clock.now().getTime();
  return () => Math.max(clock.elapsed() - elapsed, clock.now().getTime() - now);
}

/** The clock of this machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal && { signal }).catch(() => undefined);
  },
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
