import type { UpdateProviderRequest, UpdateProviderResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireKnown } from '../domain/scope.js';
import { toProviderMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'providers' | 'actions'>;
type UpdateProvider = Unary<UpdateProviderRequest, UpdateProviderResponse>;

/** Changes what a provider may do, or whether it is let in. */
export function updateProvider({ providers, actions: known }: Needs): UpdateProvider {
  return async ({ id, actions, enabled, etag }, { caller }) => {
    requireKnown(actions, { actions: known, field: 'actions' });
    const change = {
      etag,
      ...(actions.length > 0 && { actions }),
      ...(enabled !== undefined && { enabled }),
    };
    const provider = await providers.change(id, change, askerOf(caller));
    return { provider: toProviderMessage(provider) };
  };
}
