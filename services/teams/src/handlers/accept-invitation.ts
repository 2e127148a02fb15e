import { invalid } from '@ramet/errors';
import type { AcceptInvitationRequest, AcceptInvitationResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toInvitationMessage, toMemberMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'invitations' | 'credentials'>;
type AcceptInvitation = Unary<AcceptInvitationRequest, AcceptInvitationResponse>;

/** Takes the caller into the team that they are invited to. */
export function acceptInvitation({ invitations, credentials }: Needs): AcceptInvitation {
  return async ({ invitation: named }, { caller }) => {
    if (!named) throw invalid({ field: 'invitation', description: 'must be a code or an id' });
    const key =
      named.$case === 'id' ? { id: named.value } : { codeHash: credentials.hashOf(named.value) };
    const { invitation, member, now } = await invitations.accept(key, askerOf(caller));
    return {
      invitation: toInvitationMessage(invitation, now),
      member: member && toMemberMessage(member),
    };
  };
}
