import type {
  ForceDeleteCloneRequest,
  ForceDeleteCloneResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { askToForceDelete } from '../../domain/requests.js';
import { toCloneMessage } from '../../messages.js';
import { type ActNeeds, act } from '../act.js';

/** Gives up a clone of which something could not be removed. */
export function forceDeleteClone(
  needs: ActNeeds,
): Unary<ForceDeleteCloneRequest, ForceDeleteCloneResponse> {
  return async ({ id, etag, reason }, call) => {
    const kind = 'clone.force_delete_requested';
    const doing = { id, etag, name: 'clones.force_delete', kind, reason };
    const clone = await act(needs, call, doing, (latest, now) => {
      return askToForceDelete(latest, reason, now);
    });
    return { clone: toCloneMessage(clone) };
  };
}
