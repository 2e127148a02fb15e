import type { ListApiKeysRequest, ListApiKeysResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toApiKeyMessage } from '../messages.js';
import { askerOf, pageOf } from './asker.js';

type Needs = Pick<Deps, 'apiKeys'>;
type ListApiKeys = Unary<ListApiKeysRequest, ListApiKeysResponse>;

/** Lists the API keys of the caller, or of another user for who may see them. */
export function listApiKeys({ apiKeys }: Needs): ListApiKeys {
  return async (request, { caller }) => {
    const userId = request.userId || caller.id;
    const { items, nextPageToken } = await apiKeys.list(userId, pageOf(request), askerOf(caller));
    return { apiKeys: items.map(toApiKeyMessage), nextPageToken };
  };
}
