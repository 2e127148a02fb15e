import type {
  ListIdentityProvidersRequest,
  ListIdentityProvidersResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toProviderMessage } from '../provider-messages.js';

type Needs = Pick<Deps, 'identityProviders'>;
type ListIdentityProviders = Unary<ListIdentityProvidersRequest, ListIdentityProvidersResponse>;

/** Lists the identity providers. */
export function listIdentityProviders({ identityProviders }: Needs): ListIdentityProviders {
  return async () => ({
    identityProviders: (await identityProviders.list()).map(toProviderMessage),
  });
}
