import type { LinkIdentityRequest, LinkIdentityResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toIdentityMessage } from '../provider-messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'identityProviders' | 'ids'>;
type LinkIdentity = Unary<LinkIdentityRequest, LinkIdentityResponse>;

/** Says that somebody at a provider is a user. */
export function linkIdentity({ identityProviders, ids }: Needs): LinkIdentity {
  return async (given, { caller }) => {
    const wish = { id: ids.make('idn'), ...given };
    const identity = await identityProviders.link(wish, askerOf(caller));
    return { identity: toIdentityMessage(identity) };
  };
}
