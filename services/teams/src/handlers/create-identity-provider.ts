import type {
  CreateIdentityProviderRequest,
  CreateIdentityProviderResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toProviderKind, toProviderMessage } from '../provider-messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'identityProviders' | 'ids'>;
type CreateIdentityProvider = Unary<CreateIdentityProviderRequest, CreateIdentityProviderResponse>;

/** Trusts an identity provider. */
export function createIdentityProvider({ identityProviders, ids }: Needs): CreateIdentityProvider {
  return async ({ kind, ...given }, { caller }) => {
    const wish = { ...given, id: ids.make('idp'), kind: toProviderKind(kind) };
    const provider = await identityProviders.create(wish, askerOf(caller));
    return { identityProvider: toProviderMessage(provider) };
  };
}
