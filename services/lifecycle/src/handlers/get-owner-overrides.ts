import { denied } from '@ramet/errors';
import type {
  GetOwnerOverridesRequest,
  GetOwnerOverridesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Caller, Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Owner } from '../domain/clone.js';
import { layerEtag, type OwnerLayer } from '../domain/owner-layer.js';
import { sees } from '../domain/sight.js';
import { toOverrideMessage } from '../override-messages.js';
import { requiredOwner } from './owner.js';

type Needs = Pick<Deps, 'access' | 'ownerOverrides'>;

/** Gets the layer of overrides of an owner that the caller acts for. */
export function getOwnerOverrides({
  access,
  ownerOverrides,
}: Needs): Unary<GetOwnerOverridesRequest, GetOwnerOverridesResponse> {
  return async ({ owner: message }, { caller }) => {
    const owner = requiredOwner(message);
    await requireActsFor(access, { caller, owner, action: 'overrides.get' });
    return layerResponse(await ownerOverrides.get(owner));
  };
}

interface Act {
  readonly caller: Caller;
  readonly owner: Owner;
  readonly action: string;
}

/** Throws PERMISSION_DENIED unless the owner is the caller, or a team that they run. */
export async function requireActsFor(
  access: Deps['access'],
  { caller, owner, action }: Act,
): Promise<void> {
  if (sees(await access.sightOf(caller), owner.id)) return;
  throw denied(action, `the overrides of ${owner.id} are not yours`);
}

/** A layer, as the API shows it. */
export function layerResponse(layer: OwnerLayer): GetOwnerOverridesResponse {
  return { overrides: layer.overrides.map(toOverrideMessage), etag: layerEtag(layer) };
}
