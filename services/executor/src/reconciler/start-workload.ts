import type { Deps } from '../deps.js';
import type { WorkloadSecrets } from '../domain/setup.js';
import { stopped, type Workload } from '../domain/workload.js';
import type { MadeWorkload } from '../runtimes/runtime.js';

/** What it takes to start a workload. */
export type Starting = Pick<
  Deps,
  'workloads' | 'storages' | 'runtime' | 'tokens' | 'secrets' | 'vigil' | 'failpoints'
>;

const ACTOR = 'service:executor';
const NO_SECRETS: WorkloadSecrets = { overrides: [], inputs: [] };

/**
 * Starts a workload, in the storage of its clone and alone in it.
 *
 * Throws while an older one of the clone may run: that has to end first, and is told to.
 */
export async function startWorkload(
  needs: Starting,
  workload: Workload,
  signal: AbortSignal,
): Promise<void> {
  const { runtime, storages, tokens, secrets, failpoints, vigil } = needs;
  if (!isMade(workload)) throw new Error(`nothing is known to start: ${workload.name}`);
  await requireAlone(needs, workload);
  const { freshEpoch } = await storages.get(workload.cloneId);
  const token = await tokens.mint(workload, signal);
  failpoints.hit('executor.token.minted');
  const secret = workload.made.setup.hasSecrets ? await secrets.get(workload, signal) : NO_SECRETS;
  await runtime.start(workload, { token, secrets: secret, freshEpoch });
  failpoints.hit('executor.start.done');
  vigil.watch(workload.executionId, { name: workload.name, state: 'created' });
}

async function requireAlone({ workloads }: Starting, workload: Workload): Promise<void> {
  const older = await workloads.olderThan(workload);
  for (const { executionId } of older) {
    const decide = (each: Workload, now: Date) => stopped(each, 'INTERRUPTED', now);
    await workloads.change({ executionId, actor: ACTOR, decide });
  }
  const [first] = older;
  if (first) throw new Error(`an older execution is not over yet: ${first.executionId}`);
}

function isMade(workload: Workload): workload is MadeWorkload {
  return workload.made !== undefined;
}
