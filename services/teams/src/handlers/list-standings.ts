import {
  type ListStandingsRequest,
  type ListStandingsResponse,
  StandingView,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { StandingFilter } from '../domain/owner-standing.js';
import { toStandingMessage } from '../messages.js';
import { askerOf, pageOf } from './asker.js';

type Needs = Pick<Deps, 'standings'>;
type ListStandings = Unary<ListStandingsRequest, ListStandingsResponse>;

const FILTER = {
  [StandingView.UNSPECIFIED]: 'listed',
  [StandingView.DENIED]: 'denied',
  [StandingView.ACCESS]: 'access',
} as const satisfies Record<StandingView, StandingFilter>;

/** Lists the owners who are on a list. */
export function listStandings({ standings }: Needs): ListStandings {
  return async (request, { caller }) => {
    const filter = FILTER[request.view];
    const { items, nextPageToken } = await standings.list(filter, pageOf(request), askerOf(caller));
    return { standings: items.map(toStandingMessage), nextPageToken };
  };
}
