import { PublicError } from '@ramet/errors';
import type { DeleteExecutionRequest, DeleteExecutionResponse } from '@ramet/proto-gen/executor.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { removed } from '../domain/workload.js';
import { toWorkloadMessage } from '../messages.js';
import { actorOf } from './actor.js';

type Needs = Pick<Deps, 'workloads' | 'wake' | 'failpoints'>;

/** Records that nothing is to be left of a workload, or that it is never to be made. */
export function deleteExecution({
  workloads,
  wake,
  failpoints,
}: Needs): Unary<DeleteExecutionRequest, DeleteExecutionResponse> {
  return async ({ executionId, cloneId, epoch }, { caller }) => {
    const actor = actorOf(caller);
    const change = { executionId, epoch, actor, decide: removed };
    const workload = await workloads.change(change).catch(async (thrown: unknown) => {
      if (!isUnknown(thrown)) throw thrown;
      await workloads.forbid({ executionId, cloneId, epoch }, actor);
      // It may have been created in between: what stands then is removed.
      return workloads.change(change);
    });
    failpoints.hit('executor.delete.committed');
    wake();
    return { workload: toWorkloadMessage(workload) };
  };
}

function isUnknown(thrown: unknown): boolean {
  return thrown instanceof PublicError && thrown.code === 'not_found';
}
