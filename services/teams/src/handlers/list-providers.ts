import type { ListProvidersRequest, ListProvidersResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toProviderMessage } from '../messages.js';
import { askerOf, pageOf } from './asker.js';

type Needs = Pick<Deps, 'providers'>;
type ListProviders = Unary<ListProvidersRequest, ListProvidersResponse>;

/** Lists all providers. */
export function listProviders({ providers }: Needs): ListProviders {
  return async (request, { caller }) => {
    const { items, nextPageToken } = await providers.list(pageOf(request), askerOf(caller));
    return { providers: items.map(toProviderMessage), nextPageToken };
  };
}
