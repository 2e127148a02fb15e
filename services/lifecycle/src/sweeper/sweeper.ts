import type { Deps } from '../deps.js';
import { sweepsOf } from './sweeps.js';

type Needs = Pick<Deps, 'retention' | 'results' | 'blobs' | 'clock' | 'logger'>;

const PERIOD_MS = 60_000;

/**
 * Removes what is too old to be kept, each minute, from now on.
 *
 * Every replica may: they share the work. The database's clock decides what is too old; the clock of
 * the process only wakes.
 */
export function startSweeper(needs: Needs, periodMs: number = PERIOD_MS): AsyncDisposable {
  const { clock } = needs;
  const stop = new AbortController();
  const sweeping = (async () => {
    while (!stop.signal.aborted) {
      await sweepAll(needs, stop.signal);
      await clock.sleep(periodMs, stop.signal);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await sweeping;
    },
  };
}

/** Sweeps until nothing is left. What fails is left to the next time, and keeps no other from it. */
export async function sweepAll(needs: Needs, signal: AbortSignal): Promise<void> {
  for (const [what, sweep] of Object.entries(sweepsOf(needs))) {
    try {
      while (!signal.aborted && (await sweep(signal)) > 0);
    } catch (thrown) {
      if (!signal.aborted) needs.logger.warn(`${what} are not swept`, { error: String(thrown) });
    }
  }
}
