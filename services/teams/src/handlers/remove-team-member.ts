import type { RemoveTeamMemberRequest, RemoveTeamMemberResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { removeMember } from '../domain/team.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'teams'>;
type RemoveTeamMember = Unary<RemoveTeamMemberRequest, RemoveTeamMemberResponse>;

/** Takes a user out of a team. */
export function removeTeamMember({ teams }: Needs): RemoveTeamMember {
  return async ({ teamId, userId }, { caller }) => {
    await teams.change(
      { id: teamId, candidate: userId },
      askerOf(caller),
      removeMember(userId, caller.id),
    );
    return {};
  };
}
