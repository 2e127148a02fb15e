import { StorageChanged, WorkloadChanged } from '@ramet/proto-gen/executor.v1';
import type { Storage } from './domain/storage.js';
import type { Workload } from './domain/workload.js';
import { toStorageMessage, toWorkloadMessage } from './messages.js';

/** A change as the history records it: all of the workload, so that nobody has to call back. */
export function workloadEvent(workload: Workload, isNew: boolean) {
  const message = WorkloadChanged.encode({ workload: toWorkloadMessage(workload) });
  return {
    kind: `workload.${isNew ? 'created' : workload.state}`,
    payload: Buffer.from(message.finish()),
  };
}

/** A change of a storage, likewise. */
export function storageEvent(storage: Storage, isNew: boolean) {
  const message = StorageChanged.encode({ storage: toStorageMessage(storage) });
  return {
    kind: `storage.${isNew ? 'created' : storage.state}`,
    payload: Buffer.from(message.finish()),
  };
}
