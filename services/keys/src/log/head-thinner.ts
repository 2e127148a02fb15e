import type { Clock } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';

export interface HeadThinnerOptions {
  readonly heads: {
    thin(days: number, after: bigint): Promise<{ readonly next?: bigint }>;
  };
  readonly clock: Clock;
  readonly logger: Logger;
}

const THIN_EVERY_MS = 3_600_000;
/** For so many days every head is kept; of those before, the last of each hour. */
const KEEP_ALL_DAYS = 7;

/**
 * Starts to thin out old heads: there are four a second of a busy log, and what an old one proves the
 * next one proves as well. Receipts, proofs and audits are about the entries, which all stay.
 */
export function startHeadThinner({ heads, clock, logger }: HeadThinnerOptions): AsyncDisposable {
  const stop = new AbortController();
  const running = run();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await thinAll();
      } catch (thrown) {
        logger.warn('old heads of logs are not thinned out', { error: thrown });
      }
      await clock.sleep(THIN_EVERY_MS, stop.signal);
    }
  }

  async function thinAll(): Promise<void> {
    let next: bigint | undefined = 0n;
    while (next !== undefined && !stop.signal.aborted) {
      ({ next } = await heads.thin(KEEP_ALL_DAYS, next));
    }
  }
}
