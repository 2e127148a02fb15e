import type { GetExecutionRequest, GetExecutionResponse } from '@ramet/proto-gen/executor.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toWorkloadMessage } from '../messages.js';

type Needs = Pick<Deps, 'workloads'>;

/** Tells what has become of a workload. */
export function getExecution({
  workloads,
}: Needs): Unary<GetExecutionRequest, GetExecutionResponse> {
  return async (ids) => ({ workload: toWorkloadMessage(await workloads.get(ids)) });
}
