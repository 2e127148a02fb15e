import type { LinkIdentityRequest, LinkIdentityResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toIdentityMessage } from '../provider-messages.js';

type Needs = Pick<Deps, 'identityProviders' | 'ids'>;
type LinkIdentity = Unary<LinkIdentityRequest, LinkIdentityResponse>;

/** Says that somebody at a provider is a user. */
export function linkIdentity({ identityProviders, ids }: Needs): LinkIdentity {
  return async (wish) => {
    const identity = await identityProviders.link({ id: ids.make('idn'), ...wish });
    return { identity: toIdentityMessage(identity) };
  };
}
