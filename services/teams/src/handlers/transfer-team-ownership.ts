import type {
  TransferTeamOwnershipRequest,
  TransferTeamOwnershipResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { transfer } from '../domain/team.js';
import { toMemberMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'teams'>;
type TransferTeamOwnership = Unary<TransferTeamOwnershipRequest, TransferTeamOwnershipResponse>;

/** Makes another member OWNER, and the caller ADMIN. */
export function transferTeamOwnership({ teams }: Needs): TransferTeamOwnership {
  return async ({ teamId, userId }, { caller }) => {
    const decide = transfer(userId, caller.id);
    const { members } = await teams.change(
      { id: teamId, candidate: userId },
      askerOf(caller),
      decide,
    );
    const memberOf = (id: string) => {
      const member = members.find((each) => each.userId === id);
      return member && toMemberMessage(member);
    };
    return { owner: memberOf(userId), formerOwner: memberOf(caller.id) };
  };
}
