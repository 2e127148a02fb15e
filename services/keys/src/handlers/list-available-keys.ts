import { decodePageToken, pageSize } from '@ramet/database';
import {
  Key,
  type ListAvailableKeysRequest,
  type ListAvailableKeysResponse,
} from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireOwner, usableOwners } from '../domain/access.js';
import { toKeyMessage } from '../key-messages.js';
import { ownerOf } from '../messages.js';
import { askerOf } from './caller.js';
import { pageOf } from './paging.js';

type Needs = Pick<Deps, 'keys' | 'teams' | 'failpoints'>;

/** Lists the keys that a user could give to a new clone. */
export function listAvailableKeys({
  keys,
  teams,
  failpoints,
}: Needs): Unary<ListAvailableKeysRequest, ListAvailableKeysResponse> {
  return async (request, { caller }) => {
    const asker = await askerOf(caller, teams);
    const owner = ownerOf(request.owner);
    if (owner) requireOwner(asker, owner, 'keys.list_available');

    const { keyId } = request;
    const binding = ['ListAvailableKeys', asker.userId, owner ?? null, keyId];
    const limit = pageSize(request.pageSize);
    const [after] = decodePageToken(request.pageToken, binding) ?? [];
    const owners = usableOwners(asker, owner);
    const rows = await keys.listAvailable(owners, { after, limit: limit + 1, keyId });
    const { messages, nextPageToken } = pageOf({
      ...{ rows, limit, binding, toMessage: toKeyMessage, encode: Key.encode },
      keyOf: ({ id }) => [id],
    });
    failpoints.hit('keys.available.listed');
    return { keys: messages, nextPageToken };
  };
}
