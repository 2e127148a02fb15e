import { decodePageToken, pageSize } from '@ramet/database';
import { Key, type ListKeysRequest, type ListKeysResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireOwner } from '../domain/access.js';
import { toKeyMessage } from '../key-messages.js';
import { ownerOf } from '../messages.js';
import { askerFor, required } from './caller.js';
import { pageOf } from './paging.js';

type Needs = Pick<Deps, 'keys' | 'teams'>;

/** Lists the keys of an owner. */
export function listKeys({ keys, teams }: Needs): Unary<ListKeysRequest, ListKeysResponse> {
  return async (request, { caller }) => {
    const owner = required(ownerOf(request.owner), 'owner');
    requireOwner(await askerFor(caller, owner, teams), owner, 'keys.list');

    const { deleted } = request;
    const binding = ['ListKeys', caller.id, owner, deleted];
    const limit = pageSize(request.pageSize);
    const [after] = decodePageToken(request.pageToken, binding) ?? [];
    const rows = await keys.list(owner, { after, limit: limit + 1, deleted });
    const { messages, nextPageToken } = pageOf({
      ...{ rows, limit, binding, toMessage: toKeyMessage, encode: Key.encode },
      keyOf: ({ id }) => [id],
    });
    return { keys: messages, nextPageToken };
  };
}
