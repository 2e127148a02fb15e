import type { Clock } from '@ramet/service';
import type { Deps } from './deps.js';
import { stopped, type Workload } from './domain/workload.js';

/** What a workload may take to end beyond its grace. */
const MARGIN_MS = 10_000;
/** How long runners may go on telling of the ends, once nothing runs any more. */
const TELL_MS = 2_000;
const LOOK_MS = 50;

type Needs = Pick<Deps, 'workloads' | 'runtime' | 'wake' | 'logger'>;

/**
 * Stops all workloads of this host because it is going down, and waits until they have ended and
 * their runners too.
 */
export async function interruptAll(needs: Needs, clock: Clock): Promise<void> {
  const { workloads, wake, logger } = needs;
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
  await endRunners(needs, clock);
}

/** Lets runners tell lifecycle of the ends, and ends those that do not get through to it. */
async function endRunners({ workloads, runtime, logger }: Needs, clock: Clock): Promise<void> {
  const start = clock.elapsed();
  for (const { name, executionId } of await workloads.onHost()) {
    while (!(await runtime.isQuiet(name))) {
      if (clock.elapsed() - start > TELL_MS) {
        logger.warn('a runner does not get through: it is ended', { execution: executionId });
        await runtime.kill(name);
      }
      await clock.sleep(LOOK_MS);
    }
  }
}

function isRunning({ state }: Workload): boolean {
  return state === 'pending' || state === 'running' || state === 'stopping';
}
