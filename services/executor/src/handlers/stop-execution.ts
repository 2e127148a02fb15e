import type { StopExecutionRequest, StopExecutionResponse } from '@ramet/proto-gen/executor.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { stopped } from '../domain/workload.js';
import { toWorkloadMessage } from '../messages.js';
import { actorOf } from './actor.js';

type Needs = Pick<Deps, 'workloads' | 'wake' | 'failpoints'>;

/** Records that a workload is to end. Asking again, or after the end, changes nothing. */
export function stopExecution({
  workloads,
  wake,
  failpoints,
}: Needs): Unary<StopExecutionRequest, StopExecutionResponse> {
  return async ({ executionId, epoch }, { caller }) => {
    const workload = await workloads.change({
      ...{ executionId, epoch },
      actor: actorOf(caller),
      decide: (workload, now) => stopped(workload, 'STOPPED', now),
    });
    failpoints.hit('executor.stop.committed');
    wake();
    return { workload: toWorkloadMessage(workload) };
  };
}
