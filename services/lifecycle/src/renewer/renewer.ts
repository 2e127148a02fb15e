import type { Deps } from '../deps.js';
import {
  isSigningNews,
  SIGNING_ENDS,
  type SigningNews,
  toldOf,
  withSigning,
} from '../domain/signing.js';
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

/** What cannot be written of one clone is written in a later turn: it holds up no grant of another. */
async function renew(needs: Needs, page: readonly Signer[], signal: AbortSignal): Promise<void> {
  const { keys, logger } = needs;
  const executions = page.map(({ executionId, epoch }) => ({ executionId, epoch }));
  const heard = new Map(
    (await keys.renew(executions, signal)).map((news) => [news.executionId, news]),
  );
  for (const signer of page) {
    const { cloneId, executionId } = signer;
    const news = toldOf(signer, heard.get(executionId));
    if (signal.aborted || !isSigningNews(signer.conditions, news)) continue;
    await tell(needs, signer, news).catch((thrown: unknown) => {
      logger.warn('a clone does not say whether it may sign', {
        clone: cloneId,
        error: String(thrown),
      });
    });
  }
}

async function tell(
  { clones }: Needs,
  { cloneId, executionId }: Signer,
  news: SigningNews | undefined,
): Promise<void> {
  await clones.change(cloneId, 'all', changedBy(news), (clone, now) => {
    const isLive = clone.execution?.id === executionId && !clone.execution.outcome;
    return isLive ? withSigning(clone, news, now) : clone;
  });
}

function changedBy(news: SigningNews | undefined) {
  return { kind: kindOf(news), actor: ACTOR, cause: news?.message ?? '', dueInMs: 0 };
}

function kindOf(news: SigningNews | undefined): string {
  if (!news) return 'clone.signing_resumed';
  return news.reason === SIGNING_ENDS ? 'clone.signing_ending' : 'clone.signing_stopped';
}
