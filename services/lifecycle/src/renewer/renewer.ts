import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'signers' | 'retention' | 'keys' | 'clock' | 'logger'>;

/** A fifth of how long a grant lives without being renewed: keys may be away for a while. */
const PERIOD_MS = 2 * 60_000;
const PAGE = 1_000;

/**
 * Has keys renew the grants of all executions that live, from now on: one replica at a time.
 *
 * Where lifecycle is away for longer than a grant lives, signing ends by itself, and goes on when it
 * is back.
 */
export function startRenewer(needs: Needs, periodMs: number = PERIOD_MS): AsyncDisposable {
  const { clock, logger } = needs;
  const stop = new AbortController();
  const renewing = (async () => {
    while (!stop.signal.aborted) {
      await renewInTurn(needs, periodMs, stop.signal).catch((thrown: unknown) => {
        if (stop.signal.aborted) return;
        logger.warn('the grants of executions are not renewed', { error: String(thrown) });
      });
      await clock.sleep(periodMs / 2, stop.signal);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await renewing;
    },
  };
}

async function renewInTurn(needs: Needs, periodMs: number, signal: AbortSignal): Promise<void> {
  const { signers, retention, keys } = needs;
  if (!(await retention.takeTurn('grant_leases', periodMs))) return;
  let after = '';
  while (!signal.aborted) {
    const page = await signers.page(after, PAGE);
    if (page.length > 0) await keys.renew(page, signal);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.cloneId;
  }
}
