import { denied } from '@ramet/errors';
import type { ListTeamsRequest, ListTeamsResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toTeamMessage } from '../messages.js';
import { askerOf, pageOf } from './asker.js';

type Needs = Pick<Deps, 'teams'>;

/** Lists the caller's teams, or all of them for administrators who ask for it. */
export function listTeams({ teams }: Needs): Unary<ListTeamsRequest, ListTeamsResponse> {
  return async (request, { caller }) => {
    const { all } = request;
    if (all && !caller.admin) throw denied('teams.list', 'only administrators list all teams');
    const { items, nextPageToken } = await teams.list(all, pageOf(request), askerOf(caller));
    return { teams: items.map(toTeamMessage), nextPageToken };
  };
}
