import type { AllowOwnerRequest, AllowOwnerResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { allow as decide } from '../domain/owner-standing.js';
import { toOwner, toStandingMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'standings'>;

/** Takes an owner off the deny list. */
export function allowOwner({ standings }: Needs): Unary<AllowOwnerRequest, AllowOwnerResponse> {
  return async ({ owner, reason }, { caller }) => {
    const standing = await standings.change(toOwner(owner), askerOf(caller), decide(reason));
    return { standing: toStandingMessage(standing) };
  };
}
