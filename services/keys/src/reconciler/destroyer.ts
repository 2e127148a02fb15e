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
    claim: (limit) => keyLife.due(limit),
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
