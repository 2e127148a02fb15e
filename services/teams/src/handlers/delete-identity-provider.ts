import type {
  DeleteIdentityProviderRequest,
  DeleteIdentityProviderResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'identityProviders'>;
type DeleteIdentityProvider = Unary<DeleteIdentityProviderRequest, DeleteIdentityProviderResponse>;

/** Trusts an identity provider no more. */
export function deleteIdentityProvider({ identityProviders }: Needs): DeleteIdentityProvider {
  return async ({ id }, { caller }) => {
    await identityProviders.delete(id, askerOf(caller));
    return {};
  };
}
