import type { DeleteStorageRequest, DeleteStorageResponse } from '@ramet/proto-gen/executor.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { actorOf } from './actor.js';

type Needs = Pick<Deps, 'storages' | 'wake' | 'failpoints'>;

/** Records that nothing is to be left of a clone's storage. Says whether nothing is. */
export function deleteStorage({
  storages,
  wake,
  failpoints,
}: Needs): Unary<DeleteStorageRequest, DeleteStorageResponse> {
  return async ({ cloneId }, { caller }) => {
    const gone = await storages.discard(cloneId, actorOf(caller));
    failpoints.hit('executor.storage.discarded');
    wake();
    return { gone };
  };
}
