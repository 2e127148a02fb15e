import type { GetTeamRequest, GetTeamResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toTeamMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'teams'>;

/** Gets a team that the caller may see. */
export function getTeam({ teams }: Needs): Unary<GetTeamRequest, GetTeamResponse> {
  return async ({ id }, { caller }) => {
    const team = await teams.get(id, askerOf(caller));
    return { team: toTeamMessage(team) };
  };
}
