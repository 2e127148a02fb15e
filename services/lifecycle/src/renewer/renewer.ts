import type { Deps } from '../deps.js';
import { isSigningNews, type SigningStop, withSigning } from '../domain/signing.js';
import type { Signer } from '../store/signers.js';

type Needs = Pick<Deps, 'signers' | 'clones' | 'retention' | 'keys' | 'clock' | 'logger'>;

/** A fifth of how long a grant lives without being renewed: keys may be away for a while. */
const PERIOD_MS = 2 * 60_000;
const PAGE = 1_000;
const ACTOR = 'service:lifecycle';

/**
 * Has keys renew the grants of all executions that live, from now on: one replica at a time. Clones
 * whose execution may not sign any more say so in a condition, until it may again.
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
  const { signers, retention } = needs;
  if (!(await retention.takeTurn('grant_leases', periodMs))) return;
  let after = '';
  while (!signal.aborted) {
    const page = await signers.page(after, PAGE);
    if (page.length > 0) await renew(needs, page, signal);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.cloneId;
  }
}

async function renew(
  { keys, clones }: Needs,
  page: readonly Signer[],
  signal: AbortSignal,
): Promise<void> {
  const executions = page.map(({ executionId, epoch }) => ({ executionId, epoch }));
  const stops = new Map(
    (await keys.renew(executions, signal)).map((stop) => [stop.executionId, stop]),
  );
  for (const { cloneId, executionId, conditions } of page) {
    const stop = stops.get(executionId);
    if (signal.aborted || !isSigningNews(conditions, stop)) continue;
    await clones.change(cloneId, 'all', changedBy(stop), (clone, now) => {
      const isLive = clone.execution?.id === executionId && !clone.execution.outcome;
      return isLive ? withSigning(clone, stop, now) : clone;
    });
  }
}

function changedBy(stop: SigningStop | undefined) {
  const kind = stop ? 'clone.signing_stopped' : 'clone.signing_resumed';
  return { kind, actor: ACTOR, cause: stop?.message ?? '', dueInMs: 0 };
}
