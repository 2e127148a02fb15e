import type { ReassignCloneRequest, ReassignCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { askToReassign } from '../../domain/requests.js';
import { toCloneMessage } from '../../messages.js';
import { type ActNeeds, act } from '../act.js';
import { requiredOwner } from '../owner.js';

/** Gives a clone to another owner, with its quota. */
export function reassignClone(needs: ActNeeds): Unary<ReassignCloneRequest, ReassignCloneResponse> {
  return async ({ id, etag, reason, owner: message }, call) => {
    const owner = requiredOwner(message);
    const doing = {
      id,
      etag,
      name: 'clones.reassign',
      kind: 'clone.reassigned',
      reason,
      parameters: { owner_id: owner.id },
    };
    const clone = await act(needs, call, doing, (latest) => askToReassign(latest, owner));
    return { clone: toCloneMessage(clone) };
  };
}
