import {
  CloneView,
  type ListClonesRequest,
  type ListClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps, View } from '../deps.js';
import { narrowed } from '../domain/sight.js';
import { fromOwnerMessage, toCloneMessage } from '../messages.js';

type Needs = Pick<Deps, 'access' | 'reads'>;

const VIEW = {
  [CloneView.UNSPECIFIED]: 'active',
  [CloneView.ACTIVE]: 'active',
  [CloneView.HISTORY]: 'history',
  [CloneView.ALL]: 'all',
} as const satisfies Record<CloneView, View>;

/** Lists the clones that the caller sees: newest first, unless an order is asked for. */
export function listClones({ access, reads }: Needs): Unary<ListClonesRequest, ListClonesResponse> {
  return async (request, { caller }) => {
    const { filter, orderBy, pageSize: size, pageToken: token } = request;
    const view = VIEW[request.view];
    const owner = fromOwnerMessage(request.owner);
    const sight = narrowed(await access.sightOf(caller), owner?.id);
    const page = { size, token, binding: [caller.id, owner?.id ?? '', view] };
    const { items, nextToken } = await reads.list({ sight, view, filter, orderBy, page });
    return { clones: items.map(toCloneMessage), nextPageToken: nextToken };
  };
}
