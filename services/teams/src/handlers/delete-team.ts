import type { DeleteTeamRequest, DeleteTeamResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { deleteTeam as decide } from '../domain/team.js';
import { toTeamMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'teams'>;

/** Deletes a team that has no bots. */
export function deleteTeam({ teams }: Needs): Unary<DeleteTeamRequest, DeleteTeamResponse> {
  return async ({ id, etag }, { caller }) => {
    const { team } = await teams.change({ id }, askerOf(caller), decide(etag));
    return { team: toTeamMessage(team) };
  };
}
