import type {
  UpdateOwnerOverridesRequest,
  UpdateOwnerOverridesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { changeLayer } from '../domain/owner-layer.js';
import { fromChangeMessage } from '../override-messages.js';
import { actorOf } from './actor.js';
import { layerResponse, requireActsFor } from './get-owner-overrides.js';
import { requiredOwner } from './owner.js';

type Needs = Pick<Deps, 'access' | 'ownerOverrides' | 'secrets'>;

/** Changes the layer of overrides of an owner that the caller acts for. */
export function updateOwnerOverrides({
  access,
  ownerOverrides,
  secrets,
}: Needs): Unary<UpdateOwnerOverridesRequest, UpdateOwnerOverridesResponse> {
  return async ({ owner: message, etag, changes: asked }, { caller }) => {
    const owner = requiredOwner(message);
    await requireActsFor(access, { caller, owner, action: 'overrides.update' });
    const named = secrets.nameChanges(owner.id, asked.map(fromChangeMessage));
    const by = { actor: actorOf(caller), secrets: named.secrets };
    const layer = await ownerOverrides.change(owner, by, (latest) => {
      return changeLayer(latest, { changes: named.kept, etag });
    });
    return layerResponse(layer);
  };
}
