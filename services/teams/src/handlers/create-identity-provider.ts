import type {
  CreateIdentityProviderRequest,
  CreateIdentityProviderResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toProviderKind, toProviderMessage } from '../provider-messages.js';

type Needs = Pick<Deps, 'identityProviders' | 'ids'>;
type CreateIdentityProvider = Unary<CreateIdentityProviderRequest, CreateIdentityProviderResponse>;

/** Trusts an identity provider. */
export function createIdentityProvider({ identityProviders, ids }: Needs): CreateIdentityProvider {
  return async ({ kind, ...wish }) => {
    const id = ids.make('idp');
    const provider = await identityProviders.create({ ...wish, id, kind: toProviderKind(kind) });
    return { identityProvider: toProviderMessage(provider) };
  };
}
