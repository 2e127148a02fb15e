import { RemoteError } from '@ramet/rpc';
import type { Clock } from '@ramet/service';

/** How to go on after a service was away. */
export interface Persistence {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told before each new attempt. */
  readonly onAway: (error: RemoteError) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Repeats an attempt for as long as the service is only away. What else it throws is thrown.
 *
 * `answered` is called by the attempt when the service has answered: before that, being away is
 * the end, so that a wrong address is told at once. Pauses grow until the next answer.
 */
export async function persist<Result>(
  { clock, signal, onAway }: Persistence,
  attempt: (answered: () => void) => Promise<Result>,
): Promise<Result> {
  let pauseMs = 0;
  const answered = (): void => {
    pauseMs = FIRST_PAUSE_MS;
  };
  for (;;) {
    try {
      return await attempt(answered);
    } catch (thrown) {
      if (!isAway(thrown) || pauseMs === 0 || signal.aborted) throw thrown;
      onAway(thrown);
    }
    await clock.sleep(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Whether an error says that the service is away, and nothing else. */
function isAway(thrown: unknown): thrown is RemoteError {
  return thrown instanceof RemoteError && thrown.code === 'UNAVAILABLE';
}
