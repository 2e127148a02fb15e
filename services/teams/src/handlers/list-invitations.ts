import type { ListInvitationsRequest, ListInvitationsResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toInvitationMessage } from '../messages.js';
import { askerOf, pageOf } from './asker.js';

type Needs = Pick<Deps, 'invitations'>;
type ListInvitations = Unary<ListInvitationsRequest, ListInvitationsResponse>;

/** Lists the invitations of a team, or those that are for the caller. */
export function listInvitations({ invitations }: Needs): ListInvitations {
  return async (request, { caller }) => {
    const page = await invitations.list(request, pageOf(request), askerOf(caller));
    return {
      invitations: page.items.map((invitation) => toInvitationMessage(invitation, page.now)),
      nextPageToken: page.nextPageToken,
    };
  };
}
