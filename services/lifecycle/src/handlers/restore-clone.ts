import type { RestoreCloneRequest, RestoreCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { askToRestore } from '../domain/requests.js';
import { toCloneMessage } from '../messages.js';
import { type ActNeeds, act } from './act.js';

/** Records that an archived clone is to run again, and takes the quota for it. */
export function restoreClone(needs: ActNeeds): Unary<RestoreCloneRequest, RestoreCloneResponse> {
  return async ({ id, etag }, call) => {
    const doing = { id, etag, name: 'clones.restore', kind: 'clone.restore_requested' };
    return { clone: toCloneMessage(await act(needs, call, doing, askToRestore)) };
  };
}
