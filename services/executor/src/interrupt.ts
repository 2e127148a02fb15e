import type { Clock } from '@ramet/service';
import type { Deps } from './deps.js';
import { stopped, type Workload } from './domain/workload.js';

/** What a workload may take to end beyond its grace. */
const MARGIN_MS = 10_000;
const LOOK_MS = 50;

/** Stops all workloads of this host because it is going down, and waits until they have ended. */
export async function interruptAll(
  { workloads, wake, logger }: Pick<Deps, 'workloads' | 'wake' | 'logger'>,
  clock: Clock,
): Promise<void> {
  const running = (await workloads.onHost()).filter(isRunning);
  await Promise.all(
    running.map(({ executionId }) =>
      workloads.change({
        executionId,
        actor: 'service:executor',
        decide: (workload, now) => stopped(workload, 'INTERRUPTED', now),
      }),
    ),
  );
  wake();

  const limitMs = Math.max(0, ...running.map(({ made }) => made?.limits.graceMs ?? 0)) + MARGIN_MS;
  const start = clock.elapsed();
  while ((await workloads.onHost()).some(isRunning)) {
    if (clock.elapsed() - start > limitMs) {
      logger.error('workloads do not end: they are left to the next start');
      return;
    }
    await clock.sleep(LOOK_MS);
  }
}

function isRunning({ state }: Workload): boolean {
  return state === 'pending' || state === 'running' || state === 'stopping';
}
