import { conflict } from '@ramet/errors';
import type { CreateExecutionRequest, CreateExecutionResponse } from '@ramet/proto-gen/executor.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { WorkloadSource } from '../domain/workload.js';
import { fromLimitsMessage, toWorkloadMessage } from '../messages.js';
import { actorOf } from './actor.js';

type Needs = Pick<Deps, 'workloads' | 'wake' | 'failpoints'>;

/** Records that a workload is to run. The reconciler makes it so. */
export function createExecution({
  workloads,
  wake,
  failpoints,
}: Needs): Unary<CreateExecutionRequest, CreateExecutionResponse> {
  return async ({ source, limits, ...rest }, { caller }) => {
    const { executionId, cloneId, epoch, keyId, parameters } = rest;
    const spec = {
      ...{ executionId, cloneId, epoch, keyId, parameters },
      source: sourceOf(source, executionId),
      limits: fromLimitsMessage(limits),
    };
    const workload = await workloads.create(spec, actorOf(caller));
    failpoints.hit('executor.create.committed');
    wake();
    return { workload: toWorkloadMessage(workload) };
  };
}

function sourceOf(source: CreateExecutionRequest['source'], executionId: string): WorkloadSource {
  switch (source?.source?.$case) {
    case 'process':
      return source.source.value;
    case undefined: {
      const subject = { kind: 'execution', id: executionId };
      throw conflict('SOURCE_UNSUPPORTED', subject, 'no runtime here can run this source');
    }
  }
}
