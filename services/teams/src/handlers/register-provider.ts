import { RegisterProviderRequest, type RegisterProviderResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireKnown } from '../domain/scope.js';
import { toProviderMessage } from '../messages.js';
import { askerOf, onceOf } from './asker.js';

type Needs = Pick<Deps, 'providers' | 'meshId' | 'actions' | 'ids'>;
type RegisterProvider = Unary<RegisterProviderRequest, RegisterProviderResponse>;

/** Puts a provider on the list. */
export function registerProvider({
  providers,
  meshId,
  actions: known,
  ids,
}: Needs): RegisterProvider {
  return async (request, { caller }) => {
    const { name, address, userId, actions } = request;
    requireKnown(actions, { actions: known, field: 'actions' });
    const wish = { id: ids.make('prv'), name, address, meshId, userId, actions };
    const once = onceOf('RegisterProvider', RegisterProviderRequest, request);
    const provider = await providers.register(wish, askerOf(caller), once);
    return { provider: toProviderMessage(provider) };
  };
}
