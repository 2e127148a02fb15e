import type { Clock } from '@ramet/service';

/** A wait that others may end. For one loop: at most one wait at a time. */
export interface Alarm {
  /** Ends the wait, or the next one if nobody waits. */
  ring(): void;
  /** Waits until rung, `ms` at most. Tells whether it was rung. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
}

/** Makes an alarm. */
export function createAlarm(clock: Clock): Alarm {
  let isRung = false;
  let cut: (() => void) | undefined;
  return {
    ring() {
      isRung = true;
      cut?.();
    },
    async wait(ms, signal) {
      if (!isRung && !signal.aborted) {
        // By a listener that goes again: AbortSignal.any() leaves something with a signal that lasts.
        const short = new AbortController();
        cut = () => short.abort();
        signal.addEventListener('abort', cut, { once: true });
        await clock.sleep(ms, short.signal);
        signal.removeEventListener('abort', cut);
        cut = undefined;
      }
      const wasRung = isRung;
      isRung = false;
      return wasRung;
    },
  };
}
