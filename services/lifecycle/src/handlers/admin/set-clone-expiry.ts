import type { SetCloneExpiryRequest, SetCloneExpiryResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { askToExpire } from '../../domain/requests.js';
import { toCloneMessage } from '../../messages.js';
import { type ActNeeds, act } from '../act.js';

/** Sets or clears when a clone expires, whatever its policy says. */
export function setCloneExpiry(
  needs: ActNeeds,
): Unary<SetCloneExpiryRequest, SetCloneExpiryResponse> {
  return async ({ id, etag, reason, expireTime }, call) => {
    const doing = {
      id,
      etag,
      name: 'clones.set_expiry',
      kind: 'clone.expiry_changed',
      reason,
      parameters: { expire_time: expireTime },
    };
    const clone = await act(needs, call, doing, (latest, now) => {
      return askToExpire(latest, expireTime, now);
    });
    return { clone: toCloneMessage(clone) };
  };
}
