import { backoff } from '@ramet/reconcile';
import type { Deps, DueWorkload } from '../deps.js';
import type { Observation } from '../domain/observation.js';
import { nextAction } from '../domain/plan.js';
import { gone, observed, type Workload } from '../domain/workload.js';
import { type Starting, startWorkload } from './start-workload.js';

type Needs = Starting & Pick<Deps, 'logger'>;

const ACTOR = 'service:executor';
/** How soon a workload is looked at again if nothing is heard of it. */
const WATCHED_MS = 30_000;
const ENDING_MS = 1_000;

/** Brings a workload one step closer to what it should be, and records what was seen of it. */
export function reconcileWorkload(
  needs: Needs,
): (due: DueWorkload, signal: AbortSignal) => Promise<void> {
  const { workloads, logger } = needs;
  return async (due, signal) => {
    const { read, leaseSeq, attempt } = due;
    const { workload } = read;
    const change = { executionId: workload.executionId, actor: ACTOR, read };
    try {
      const decide = await stepOf(needs, due, signal);
      const step = { leaseSeq, dueInMs: dueIn };
      const next = await workloads.change({ ...change, decide, step });
      noteChange(needs, workload, next);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const error = String(thrown);
      const fields = { execution: workload.executionId, state: workload.state, error };
      logger.warn('a step failed', fields);
      const step = { leaseSeq, dueInMs: () => backoff(attempt + 1), error };
      await workloads.change({ ...change, decide: keep, step });
    }
  };
}

type Decide = (workload: Workload, now: Date) => Workload;

/** Does the next thing outside. What it returns is what has to be recorded. */
async function stepOf(needs: Needs, due: DueWorkload, signal: AbortSignal): Promise<Decide> {
  const { runtime, failpoints } = needs;
  const { workload, now } = due.read;
  const isLeft = workload.state === 'removing';
  const seen: Observation = isLeft ? { state: 'created' } : await runtime.observe(workload.name);
  if (seen.state === 'exited') {
    failpoints.hit('executor.exit.observed');
    return (latest, at) => observed(latest, seen, at);
  }
  return act(needs, { ...due, seen, action: nextAction(workload, seen, now()) }, signal);
}

interface Acting extends DueWorkload {
  readonly seen: Observation;
  readonly action: ReturnType<typeof nextAction>;
}

async function act(
  needs: Needs,
  { read: { workload }, seen, action }: Acting,
  signal: AbortSignal,
): Promise<Decide> {
  const { runtime, failpoints } = needs;
  switch (action) {
    case 'start':
      await startWorkload(needs, workload, signal);
      return keep;
    case 'stop':
      await runtime.stop(workload.name, workload.stop?.cause ?? 'STOPPED', graceMs(workload));
      failpoints.hit('executor.stop.asked');
      needs.vigil.watch(workload.executionId, { name: workload.name, state: seen.state });
      return keep;
    case 'kill':
      await runtime.kill(workload.name);
      return keep;
    case 'remove':
      needs.vigil.forget(workload.executionId);
      await runtime.remove(workload.name);
      failpoints.hit('executor.remove.done');
      return gone;
    case 'watch':
      needs.vigil.watch(workload.executionId, { name: workload.name, state: seen.state });
      return (latest, at) => observed(latest, seen, at);
    case 'nothing':
      return keep;
  }
}

function noteChange({ failpoints, logger }: Needs, before: Workload, after: Workload): void {
  if (after.state === before.state) return;
  const { executionId: execution, state } = after;
  logger.info('a workload has changed', { execution, state });
  if (state === 'exited') failpoints.hit('executor.exit.committed');
  if (state === 'removed') failpoints.hit('executor.remove.committed');
}

function keep(workload: Workload): Workload {
  return workload;
}

/** When a workload is due next, if nobody asks before. */
function dueIn({ state }: Workload): number | null {
  switch (state) {
    case 'pending':
    case 'running':
      return WATCHED_MS;
    case 'stopping':
      return ENDING_MS;
    case 'removing':
      return 0;
    case 'exited':
    case 'removed':
      return null;
  }
}

function graceMs({ made }: Workload): number {
  return made?.limits.graceMs ?? 0;
}
