import { type Reconciler, startReconciler } from '@ramet/reconcile';
import type { Deps } from '../deps.js';
import type { Due } from '../domain/key-life.js';

type Needs = Pick<Deps, 'keyLife' | 'signingKeys' | 'clock' | 'logger'>;

const IDLE_MS = 60_000;
const CAUSE = { actor: 'service:keys' };

/**
 * Starts to destroy secrets whose time is over: those of keys that were deleted, after their wait, and
 * versions that were replaced, after their overlap. Every replica looks; the lock on the key lets one
 * of them do it.
 */
export function startDestroyer(needs: Needs, idleMs: number = IDLE_MS): Reconciler {
  const { keyLife, signingKeys, clock, logger } = needs;
  return startReconciler<Due>({
    name: 'secrets',
    claim: inTurn((limit, after) => keyLife.due(limit, after)),
    async step(due) {
      await keyLife.destroy(due, CAUSE);
      signingKeys.drop(due.keyId);
    },
    onError: (thrown, due) => {
      logger.warn('a secret was not destroyed', { key: due?.keyId, error: String(thrown) });
    },
    ...{ idleMs, clock },
  });
}

/**
 * Goes through all that is due, page by page, and then from the beginning: what cannot be done now
 * stands in nobody's way, and is tried again with the next round.
 */
function inTurn(
  due: (limit: number, after: Due | undefined) => Promise<readonly Due[]>,
): (limit: number) => Promise<readonly Due[]> {
  let last: Due | undefined;
  return async (limit) => {
    const page = await due(limit, last);
    last = page.length < limit ? undefined : page.at(-1);
    return page;
  };
}
