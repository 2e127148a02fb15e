import { ExtendCloneRequest, type ExtendCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { askToExtend } from '../domain/requests.js';
import { fromDuration } from '../duration-messages.js';
import { toCloneMessage } from '../messages.js';
import { type ActNeeds, act } from './act.js';

/** Puts off the expiry of a clone, as far as its policy lets its owner. */
export function extendClone(needs: ActNeeds): Unary<ExtendCloneRequest, ExtendCloneResponse> {
  return async (message, call) => {
    const { id, etag, requestId, by, reason } = message;
    const byMs = fromDuration(by) ?? 0;
    const doing = {
      id,
      etag,
      name: 'clones.extend',
      kind: 'clone.expiry_changed',
      reason,
      parameters: { by_ms: byMs },
      request: {
        id: requestId,
        bytes: ExtendCloneRequest.encode({ ...message, requestId: '' }).finish(),
      },
    };
    const clone = await act(needs, call, doing, (latest, now) => askToExtend(latest, byMs, now));
    return { clone: toCloneMessage(clone) };
  };
}
