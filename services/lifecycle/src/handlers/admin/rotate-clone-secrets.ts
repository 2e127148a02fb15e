import {
  RotateCloneSecretsRequest,
  type RotateCloneSecretsResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../../deps.js';
import { askForNewEpoch } from '../../domain/requests.js';
import { toCloneMessage } from '../../messages.js';
import { type ActNeeds, act } from '../act.js';

type Needs = ActNeeds & Pick<Deps, 'secrets'>;

/** Seals the secrets of a clone anew, and has what runs start again under a new epoch. */
export function rotateCloneSecrets(
  needs: Needs,
): Unary<RotateCloneSecretsRequest, RotateCloneSecretsResponse> {
  return async (message, call) => {
    const { id, etag, reason, requestId } = message;
    const doing = {
      id,
      etag,
      name: 'clones.rotate_secrets',
      kind: 'clone.secrets_rotated',
      reason,
      request: {
        id: requestId,
        bytes: RotateCloneSecretsRequest.encode({ ...message, requestId: '' }).finish(),
      },
    };
    const clone = await act(needs, call, doing, askForNewEpoch);
    await needs.secrets.reseal(id);
    return { clone: toCloneMessage(clone) };
  };
}
