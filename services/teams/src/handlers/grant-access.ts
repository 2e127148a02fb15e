import type { GrantAccessRequest, GrantAccessResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { grantAccess as decide } from '../domain/owner-standing.js';
import { toKinds, toOwner, toStandingMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'standings'>;

/** Puts an owner on the access list. */
export function grantAccess({ standings }: Needs): Unary<GrantAccessRequest, GrantAccessResponse> {
  return async ({ owner, kinds, reason }, { caller }) => {
    const standing = await standings.change(
      toOwner(owner),
      askerOf(caller),
      decide(toKinds(kinds), reason),
    );
    return { standing: toStandingMessage(standing) };
  };
}
