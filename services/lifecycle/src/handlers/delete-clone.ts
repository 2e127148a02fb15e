import type { DeleteCloneRequest, DeleteCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { askToDelete } from '../domain/requests.js';
import { toCloneMessage } from '../messages.js';
import { type ActNeeds, act } from './act.js';

/** Records that a clone is to be deleted, whatever its phase; the reconciler makes it so. */
export function deleteClone(needs: ActNeeds): Unary<DeleteCloneRequest, DeleteCloneResponse> {
  return async ({ id, etag }, call) => {
    const doing = { id, etag, name: 'clones.delete', kind: 'clone.delete_requested' };
    return { clone: toCloneMessage(await act(needs, call, doing, askToDelete)) };
  };
}
