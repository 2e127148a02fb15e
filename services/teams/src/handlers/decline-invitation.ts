import type {
  DeclineInvitationRequest,
  DeclineInvitationResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toInvitationMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'invitations'>;
type DeclineInvitation = Unary<DeclineInvitationRequest, DeclineInvitationResponse>;

/** Declines an invitation that is for the caller. */
export function declineInvitation({ invitations }: Needs): DeclineInvitation {
  return async ({ id }, { caller }) => {
    const { invitation, now } = await invitations.decline(id, askerOf(caller));
    return { invitation: toInvitationMessage(invitation, now) };
  };
}
