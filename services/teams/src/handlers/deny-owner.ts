import type { DenyOwnerRequest, DenyOwnerResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { deny as decide } from '../domain/owner-standing.js';
import { toOwner, toStandingMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'standings'>;

/** Puts an owner on the deny list. */
export function denyOwner({ standings }: Needs): Unary<DenyOwnerRequest, DenyOwnerResponse> {
  return async ({ owner, reason }, { caller }) => {
    const standing = await standings.change(toOwner(owner), askerOf(caller), decide(reason));
    return { standing: toStandingMessage(standing) };
  };
}
