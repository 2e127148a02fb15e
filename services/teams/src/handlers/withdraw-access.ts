import type { WithdrawAccessRequest, WithdrawAccessResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { withdrawAccess as decide } from '../domain/owner-standing.js';
import { toOwner, toStandingMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'standings'>;

/** Takes an owner off the access list. */
export function withdrawAccess({
  standings,
}: Needs): Unary<WithdrawAccessRequest, WithdrawAccessResponse> {
  return async ({ owner, reason }, { caller }) => {
    const standing = await standings.change(toOwner(owner), askerOf(caller), decide(reason));
    return { standing: toStandingMessage(standing) };
  };
}
