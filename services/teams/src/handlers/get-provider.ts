import type { GetProviderRequest, GetProviderResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toProviderMessage } from '../messages.js';

type Needs = Pick<Deps, 'providers'>;

/** Gets a provider. */
export function getProvider({ providers }: Needs): Unary<GetProviderRequest, GetProviderResponse> {
  return async ({ id }) => ({ provider: toProviderMessage(await providers.get(id)) });
}
