import type { SuspendCloneRequest, SuspendCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { askToSuspend } from '../domain/requests.js';
import { toCloneMessage } from '../messages.js';
import { type ActNeeds, act } from './act.js';

/** Records that a clone is to be paused; the reconciler makes it so. */
export function suspendClone(needs: ActNeeds): Unary<SuspendCloneRequest, SuspendCloneResponse> {
  return async ({ id, etag }, call) => {
    const doing = { id, etag, name: 'clones.suspend', kind: 'clone.suspend_requested' };
    return { clone: toCloneMessage(await act(needs, call, doing, askToSuspend)) };
  };
}
