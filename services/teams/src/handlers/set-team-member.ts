import type { SetTeamMemberRequest, SetTeamMemberResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { setMember } from '../domain/team.js';
import { toMemberMessage, toRole } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'teams'>;
type SetTeamMember = Unary<SetTeamMemberRequest, SetTeamMemberResponse>;

/** Adds a user to a team, or changes their role. */
export function setTeamMember({ teams }: Needs): SetTeamMember {
  return async ({ teamId, userId, role }, { caller }) => {
    const key = { id: teamId, candidate: userId };
    const { members } = await teams.change(key, askerOf(caller), setMember(userId, toRole(role)));
    const member = members.find((each) => each.userId === userId);
    return { member: member && toMemberMessage(member) };
  };
}
