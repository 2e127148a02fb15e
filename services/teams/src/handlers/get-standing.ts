import type { GetStandingRequest, GetStandingResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toOwner, toStandingMessage } from '../messages.js';

type Needs = Pick<Deps, 'standings'>;

/** Gets where an owner stands. */
export function getStanding({ standings }: Needs): Unary<GetStandingRequest, GetStandingResponse> {
  return async ({ owner }) => ({
    standing: toStandingMessage(await standings.get(toOwner(owner))),
  });
}
