import type { ListIdentitiesRequest, ListIdentitiesResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toIdentityMessage } from '../provider-messages.js';

type Needs = Pick<Deps, 'identityProviders'>;
type ListIdentities = Unary<ListIdentitiesRequest, ListIdentitiesResponse>;

/** Lists the identities of a user. */
export function listIdentities({ identityProviders }: Needs): ListIdentities {
  return async ({ userId }) => {
    const identities = await identityProviders.identitiesOf(userId);
    return { identities: identities.map(toIdentityMessage) };
  };
}
