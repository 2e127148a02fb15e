import type { GetLoginProviderRequest, GetLoginProviderResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'identityProviders'>;
type GetLoginProvider = Unary<GetLoginProviderRequest, GetLoginProviderResponse>;

/** Tells whoever wants to log in where that is done. */
export function getLoginProvider({ identityProviders }: Needs): GetLoginProvider {
  return async ({ name }) => {
    const { issuer, audience } = await identityProviders.named(name);
    return { issuer, clientId: audience };
  };
}
