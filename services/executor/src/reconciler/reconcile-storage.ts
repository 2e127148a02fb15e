import { backoff } from '@ramet/reconcile';
import type { Deps, DueStorage } from '../deps.js';

type Needs = Pick<Deps, 'storages' | 'runtime' | 'failpoints' | 'logger'>;

const ACTOR = 'service:executor';

/** Removes a storage that nobody wants any more, and records that it is gone. */
export function reconcileStorage(
  needs: Needs,
): (due: DueStorage, signal: AbortSignal) => Promise<void> {
  const { storages, runtime, failpoints, logger } = needs;
  return async ({ storage: { cloneId, state }, leaseSeq, attempt }, signal) => {
    try {
      const isGone = state === 'removing';
      if (isGone) {
        await runtime.removeStorage(cloneId);
        failpoints.hit('executor.storage.swept');
      }
      await storages.finish(cloneId, ACTOR, { leaseSeq, isGone, dueInMs: null });
      if (isGone) logger.info('a storage was removed', { clone: cloneId });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const error = String(thrown);
      logger.warn('a storage could not be removed', { clone: cloneId, error });
      const dueInMs = backoff(attempt + 1);
      await storages.finish(cloneId, ACTOR, { leaseSeq, isGone: false, dueInMs, error });
    }
  };
}
