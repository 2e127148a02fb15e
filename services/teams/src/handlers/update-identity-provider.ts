import type {
  UpdateIdentityProviderRequest,
  UpdateIdentityProviderResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireKnownRules } from '../domain/scope.js';
import { toProviderMessage } from '../provider-messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'identityProviders' | 'actions'>;
type UpdateIdentityProvider = Unary<UpdateIdentityProviderRequest, UpdateIdentityProviderResponse>;

/** Changes how far an identity provider is trusted. */
export function updateIdentityProvider({
  identityProviders,
  actions,
}: Needs): UpdateIdentityProvider {
  return async ({ id, etag, audience, algorithms, autoCreate, rules }, { caller }) => {
    requireKnownRules(rules, actions);
    const change = {
      etag,
      ...(audience !== '' && { audience }),
      ...(algorithms.length > 0 && { algorithms }),
      ...(autoCreate !== undefined && { autoCreate }),
      ...(rules.length > 0 && { rules }),
    };
    const provider = await identityProviders.change(id, change, askerOf(caller));
    return { identityProvider: toProviderMessage(provider) };
  };
}
