import type { SetCloneTraitsRequest, SetCloneTraitsResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { withTraits } from '../../domain/requests.js';
import { toCloneMessage } from '../../messages.js';
import { type ActNeeds, act } from '../act.js';

/** Sets what administrators note on a clone. */
export function setCloneTraits(
  needs: ActNeeds,
): Unary<SetCloneTraitsRequest, SetCloneTraitsResponse> {
  return async ({ id, etag, reason, traits }, call) => {
    const doing = {
      id,
      etag,
      name: 'clones.set_traits',
      kind: 'clone.traits_set',
      reason,
      parameters: { traits },
    };
    const clone = await act(needs, call, doing, (latest) => withTraits(latest, traits));
    return { clone: toCloneMessage(clone) };
  };
}
