import { CreateInvitationRequest, type CreateInvitationResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toInvitationMessage, toRole } from '../messages.js';
import { askerOf, onceOf } from './asker.js';

type Needs = Pick<Deps, 'invitations' | 'credentials' | 'ids'>;
type CreateInvitation = Unary<CreateInvitationRequest, CreateInvitationResponse>;

/** Invites somebody to a team, and shows the code this once. */
export function createInvitation({ invitations, credentials, ids }: Needs): CreateInvitation {
  return async (request, { caller }) => {
    const { teamId, expireTime } = request;
    const { secret, prefix, hash: codeHash } = credentials.mint('invite');
    const wish = {
      ...{ id: ids.make('inv'), teamId, prefix, codeHash },
      role: toRole(request.role),
      userId: request.userId || null,
      expiresAt: expireTime,
    };
    const once = onceOf('CreateInvitation', CreateInvitationRequest, request);
    const { invitation, now, isNew } = await invitations.create(wish, askerOf(caller), once);
    return { invitation: toInvitationMessage(invitation, now), code: isNew ? secret : '' };
  };
}
