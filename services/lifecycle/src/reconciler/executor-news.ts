import type { Deps, ExecutorNews } from '../deps.js';
import type { WorkloadState } from '../domain/outcome.js';
import { LIVE_PHASES, type Phase, RESTART_PHASES } from '../domain/phases.js';

type Needs = Pick<Deps, 'work' | 'failpoints' | 'wake'>;

/** The phases in which a clone waits for its workload to be so far. Rest phases may clean up. */
const AWAITED: Readonly<Record<WorkloadState, readonly Phase[]>> = {
  PENDING: [],
  RUNNING: ['PROVISIONING', ...RESTART_PHASES],
  STOPPING: [],
  EXITED: [...LIVE_PHASES, 'FAILED'],
  REMOVING: [],
  REMOVED: [...LIVE_PHASES, 'FAILED', 'DELETING', 'CLEANUP_FAILED'],
};

/**
 * Has clones looked at whose workloads have changed.
 *
 * It says that something happened and never what: the reconciler asks the executor.
 */
export function takeExecutorNews({
  work,
  failpoints,
  wake,
}: Needs): (news: readonly ExecutorNews[]) => Promise<void> {
  return async (news) => {
    const wakes = news.flatMap(({ cloneId, state }) => {
      const phases = state ? AWAITED[state] : [];
      return phases.length > 0 ? [{ cloneId, phases }] : [];
    });
    await work.wake(wakes);
    failpoints.hit('lifecycle.executor_news_taken');
    if (wakes.length > 0) wake();
  };
}
