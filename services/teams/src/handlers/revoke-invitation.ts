import type { RevokeInvitationRequest, RevokeInvitationResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toInvitationMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'invitations'>;
type RevokeInvitation = Unary<RevokeInvitationRequest, RevokeInvitationResponse>;

/** Takes an invitation to a team back. */
export function revokeInvitation({ invitations }: Needs): RevokeInvitation {
  return async ({ id }, { caller }) => {
    const { invitation, now } = await invitations.revoke(id, askerOf(caller));
    return { invitation: toInvitationMessage(invitation, now) };
  };
}
