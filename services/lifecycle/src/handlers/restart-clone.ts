import { RestartCloneRequest, type RestartCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { askToRestart } from '../domain/requests.js';
import { toCloneMessage } from '../messages.js';
import { type ActNeeds, act } from './act.js';

/** Records that a clone is to run once more, and takes the quota for it. */
export function restartClone(needs: ActNeeds): Unary<RestartCloneRequest, RestartCloneResponse> {
  return async (message, call) => {
    const { id, etag, requestId, resume } = message;
    const doing = {
      id,
      etag,
      name: 'clones.restart',
      kind: 'clone.restart_requested',
      parameters: { resume },
      request: {
        id: requestId,
        bytes: RestartCloneRequest.encode({ ...message, requestId: '' }).finish(),
      },
    };
    const clone = await act(needs, call, doing, (latest) => askToRestart(latest, resume));
    return { clone: toCloneMessage(clone) };
  };
}
