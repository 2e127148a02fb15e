import { CreateTeamRequest, type CreateTeamResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toTeamMessage } from '../messages.js';
import { askerOf, onceOf } from './asker.js';

type Needs = Pick<Deps, 'teams' | 'ids'>;

/** Creates a team that the caller owns. */
export function createTeam({ teams, ids }: Needs): Unary<CreateTeamRequest, CreateTeamResponse> {
  return async (request, { caller }) => {
    const wish = { id: ids.make('tem'), name: request.name };
    const once = onceOf('CreateTeam', CreateTeamRequest, request);
    const team = await teams.create(wish, askerOf(caller), once);
    return { team: toTeamMessage(team) };
  };
}
