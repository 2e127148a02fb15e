import { WorkloadChanged } from '@ramet/proto-gen/executor.v1';
import type { Workload } from './domain/workload.js';
import { toWorkloadMessage } from './messages.js';

/** A change as the history records it: all of the workload, so that nobody has to call back. */
export function workloadEvent(workload: Workload, isNew: boolean) {
  const message = WorkloadChanged.encode({ workload: toWorkloadMessage(workload) });
  return {
    kind: `workload.${isNew ? 'created' : workload.state}`,
    payload: Buffer.from(message.finish()),
  };
}
