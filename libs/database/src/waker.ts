import type { Clock } from './ports.js';

/** A wait that can be cut short. */
export interface Waker {
  /** Ends the wait, or the next one if nobody waits. Many calls make one. */
  wake(): void;
  /** Waits until woken, for `ms` at most, or until `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Makes a waker for one loop: at most one wait at a time. */
export function createWaker(clock: Clock): Waker {
  let woken = false;
  let cut: (() => void) | undefined;
  return {
    wake() {
      woken = true;
      cut?.();
    },
    async wait(ms, signal) {
      if (!woken && !signal.aborted) {
        const short = new AbortController();
        cut = () => short.abort();
        signal.addEventListener('abort', cut, { once: true });
        await clock.sleep(ms, short.signal);
        signal.removeEventListener('abort', cut);
        cut = undefined;
      }
      woken = false;
    },
  };
}
