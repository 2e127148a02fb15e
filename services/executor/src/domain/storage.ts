import { PublicError } from '@ramet/errors';

/** Whether a storage is there. `present`: it is, or may be made. */
export type StorageState = 'present' | 'removing' | 'removed';

/** The folders of a clone that outlive its executions, as the ledger has them. */
export interface Storage {
  /** Names the folder, too. */
  readonly cloneId: string;
  readonly hostId: string;
  readonly state: StorageState;
  /** The epoch for which it was last asked to be emptied; 0 if it never was. */
  readonly freshEpoch: number;
  readonly createdAt: Date;
  readonly removedAt?: Date;
}

/** What an execution wants of its clone's storage. */
export interface StorageUse {
  readonly cloneId: string;
  readonly epoch: number;
  readonly isFresh: boolean;
}

/**
 * The storage that an execution is to run in. The same one if nothing about it is new.
 *
 * Throws if it lies on another host, or is being removed: then it can be had again soon.
 */
export function usedBy(
  storage: Storage | undefined,
  { cloneId, epoch, isFresh }: StorageUse,
  { hostId, at }: { readonly hostId: string; readonly at: Date },
): Storage {
  const freshEpoch = isFresh ? epoch : 0;
  if (!storage || storage.state === 'removed') {
    return { cloneId, hostId, state: 'present', freshEpoch, createdAt: at };
  }
  if (storage.hostId !== hostId) throw elsewhere(storage);
  if (storage.state === 'removing') throw isGoing(cloneId);
  return freshEpoch > storage.freshEpoch ? { ...storage, freshEpoch } : storage;
}

/** The storage after a request to remove it. */
export function discarded(storage: Storage): Storage {
  return storage.state === 'present' ? { ...storage, state: 'removing' } : storage;
}

/** The storage once nothing of it is left outside. */
export function vanished(storage: Storage, at: Date): Storage {
  if (storage.state !== 'removing') return storage;
  return { ...storage, state: 'removed', removedAt: at };
}

function elsewhere({ cloneId, hostId }: Storage): PublicError {
  const message = `the storage of clone ${cloneId} is on host ${hostId}`;
  return new PublicError('failed_precondition', 'HOST_UNAVAILABLE', message, {
    metadata: { clone_id: cloneId, host_id: hostId },
  });
}

function isGoing(cloneId: string): PublicError {
  const message = `the storage of clone ${cloneId} is being removed`;
  return new PublicError('unavailable', 'PEER_UNAVAILABLE', message, {
    metadata: { clone_id: cloneId },
    retryAfterMs: 1_000,
  });
}
