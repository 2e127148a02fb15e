import type {
  CreateIdentityProviderRequest,
  CreateIdentityProviderResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireKnownRules } from '../domain/scope.js';
import { toProviderKind, toProviderMessage } from '../provider-messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'identityProviders' | 'actions' | 'ids'>;
type CreateIdentityProvider = Unary<CreateIdentityProviderRequest, CreateIdentityProviderResponse>;

/** Trusts an identity provider. */
export function createIdentityProvider({
  identityProviders,
  actions,
  ids,
}: Needs): CreateIdentityProvider {
  return async ({ kind, ...given }, { caller }) => {
    requireKnownRules(given.rules, actions);
    const wish = { ...given, id: ids.make('idp'), kind: toProviderKind(kind) };
    const provider = await identityProviders.create(wish, askerOf(caller));
    return { identityProvider: toProviderMessage(provider) };
  };
}
