import { invalid } from '@ramet/errors';
import type { ListActionsRequest, ListActionsResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { toActionMessage } from '../action-messages.js';
import type { Deps } from '../deps.js';
import { fromOwnerMessage } from '../messages.js';

type Needs = Pick<Deps, 'access' | 'actions'>;

type Request = ListActionsRequest;
type Response = ListActionsResponse;

/** Lists what people did to a clone, or to the clones of an owner. Outlives the clones. */
export function listActions({ access, actions }: Needs): Unary<Request, Response> {
  return async ({ cloneId, owner, pageSize: size, pageToken: token }, { caller }) => {
    const ownerId = fromOwnerMessage(owner)?.id;
    if (cloneId === '' && ownerId === undefined) {
      throw invalid({ field: 'clone_id', description: 'or owner is required' });
    }
    const { items, nextToken } = await actions.list({
      sight: await access.sightOf(caller),
      cloneId: cloneId || undefined,
      ownerId,
      page: { size, token, binding: [caller.id, cloneId, ownerId ?? ''] },
    });
    return { actions: items.map(toActionMessage), nextPageToken: nextToken };
  };
}
