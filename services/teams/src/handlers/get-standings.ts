import type { GetStandingsRequest, GetStandingsResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toStandingMessage } from '../messages.js';

type Needs = Pick<Deps, 'standings' | 'accessListEnabled'>;
type GetStandings = Unary<GetStandingsRequest, GetStandingsResponse>;

/** Gets where many owners stand. */
export function getStandings({ standings, accessListEnabled }: Needs): GetStandings {
  return async ({ ownerIds }) => {
    const found = await standings.find(ownerIds);
    return { standings: found.map(toStandingMessage), accessListEnabled };
  };
}
