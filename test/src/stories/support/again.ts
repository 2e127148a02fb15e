import assert from 'node:assert/strict';
import { RemoteError } from '@ramet/rpc';
import { systemClock } from '@ramet/service';

const RETRY_MS = 100;
const LOOK_MS = 25;
const LIMIT_MS = 120_000;

/** Asks again, as the API says, for as long as the answer is that nobody could be asked. */
export async function again<Result>(ask: () => Promise<Result>): Promise<Result> {
  const start = systemClock.elapsed();
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      if (!isTransient(thrown) || systemClock.elapsed() - start > LIMIT_MS) throw thrown;
      await systemClock.sleep(RETRY_MS);
    }
  }
}

/** Whether a call may be made again with the same request id. */
function isTransient(thrown: unknown): boolean {
  if (!(thrown instanceof RemoteError)) return false;
  return thrown.code === 'UNAVAILABLE' || thrown.code === 'DEADLINE_EXCEEDED';
}

/** Returns once something holds that nobody tells of. Fails if it does not within `withinMs`. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  withinMs = LIMIT_MS,
): Promise<void> {
  const start = systemClock.elapsed();
  while (!(await holds())) {
    if (systemClock.elapsed() - start > withinMs) assert.fail(`it never came to this: ${what}`);
    await systemClock.sleep(LOOK_MS);
  }
}
