import type { UnlinkIdentityRequest, UnlinkIdentityResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'identityProviders'>;
type UnlinkIdentity = Unary<UnlinkIdentityRequest, UnlinkIdentityResponse>;

/** Takes it back that somebody at a provider is a user. */
export function unlinkIdentity({ identityProviders }: Needs): UnlinkIdentity {
  return async ({ id }, { caller }) => {
    await identityProviders.unlink(id, askerOf(caller));
    return {};
  };
}
