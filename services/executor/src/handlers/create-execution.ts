import type { CreateExecutionRequest, CreateExecutionResponse } from '@ramet/proto-gen/executor.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { assertSound } from '../domain/sound-spec.js';
import { fromLimitsMessage, toWorkloadMessage } from '../messages.js';
import { setupFrom, sourceFrom } from '../spec-messages.js';
import { actorOf } from './actor.js';

type Needs = Pick<Deps, 'workloads' | 'wake' | 'failpoints'>;

/** Records that a workload is to run. The reconciler makes it so. */
export function createExecution({
  workloads,
  wake,
  failpoints,
}: Needs): Unary<CreateExecutionRequest, CreateExecutionResponse> {
  return async (request, { caller }) => {
    const { executionId, cloneId, epoch, keyId, parameters, freshStorage } = request;
    const source = sourceFrom(request);
    const spec = {
      ...{ executionId, cloneId, epoch, keyId, parameters, freshStorage },
      ...(source && { source }),
      limits: fromLimitsMessage(request.limits, request.endless),
      setup: setupFrom(request),
    };
    assertSound(spec);
    const workload = await workloads.create(spec, actorOf(caller));
    failpoints.hit('executor.create.committed');
    wake();
    return { workload: toWorkloadMessage(workload) };
  };
}
