import type { Clock } from './ports.js';

/** A wait that can be cut short. */
export interface Waker {
  /** Ends the wait, or the next one if nobody waits. Many calls make one. */
  wake(): void;
  /** Waits until woken, for `ms` at most, or until `signal` aborts. Tells whether it was woken. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
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
        // By a listener that goes again: AbortSignal.any() leaves something with a signal that lasts.
        const short = new AbortController();
        cut = () => short.abort();
        signal.addEventListener('abort', cut, { once: true });
        await clock.sleep(ms, short.signal);
        signal.removeEventListener('abort', cut);
        cut = undefined;
      }
      const wasWoken = woken;
      woken = false;
      return wasWoken;
    },
  };
}
