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

/** Lists the clones that the caller sees, newest first. */
export function listClones({ access, reads }: Needs): Unary<ListClonesRequest, ListClonesResponse> {
  return async ({ owner: ownerMessage, view, pageSize: size, pageToken: token }, { caller }) => {
    const owner = fromOwnerMessage(ownerMessage);
    const sight = narrowed(await access.sightOf(caller), owner?.id);
    const binding = [caller.id, owner?.id ?? '', VIEW[view]];
    const page = await reads.list({ sight, view: VIEW[view], page: { size, token, binding } });
    return { clones: page.items.map(toCloneMessage), nextPageToken: page.nextToken };
  };
}
