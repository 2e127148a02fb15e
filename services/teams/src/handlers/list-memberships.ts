import type { ListMembershipsRequest, ListMembershipsResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toMembershipMessage } from '../messages.js';

type Needs = Pick<Deps, 'teams'>;
type ListMemberships = Unary<ListMembershipsRequest, ListMembershipsResponse>;

/** Lists the teams that a user is in, and tells whether they are active at all. */
export function listMemberships({ teams }: Needs): ListMemberships {
  return async ({ userId }) => {
    const { memberships, inactive } = await teams.memberships(userId);
    return { memberships: memberships.map(toMembershipMessage), inactive };
  };
}
