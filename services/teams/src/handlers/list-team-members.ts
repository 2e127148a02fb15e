import type { ListTeamMembersRequest, ListTeamMembersResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toMemberMessage } from '../messages.js';
import { askerOf, pageOf } from './asker.js';

type Needs = Pick<Deps, 'teams' | 'failpoints'>;
type ListTeamMembers = Unary<ListTeamMembersRequest, ListTeamMembersResponse>;

/** Lists who is in a team. */
export function listTeamMembers({ teams, failpoints }: Needs): ListTeamMembers {
  return async (request, { caller }) => {
    const { items, nextPageToken } = await teams.listMembers(request, pageOf(request), {
      ...askerOf(caller),
      onBehalfOf: caller.onBehalfOf,
    });
    failpoints.hit('teams.members.listed');
    return { members: items.map(toMemberMessage), nextPageToken };
  };
}
