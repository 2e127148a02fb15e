import { decodePageToken, pageSize } from '@ramet/database';
import { Grant, type ListGrantsRequest, type ListGrantsResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toGrantMessage } from '../messages.js';
import { requireKey } from './caller.js';
import { pageOf } from './paging.js';

type Needs = Pick<Deps, 'keys' | 'grants' | 'teams'>;

/** Lists the grants of a key, newest first. */
export function listGrants(needs: Needs): Unary<ListGrantsRequest, ListGrantsResponse> {
  const { keys, grants, teams } = needs;
  return async ({ keyId, pageSize: size, pageToken }, { caller }) => {
    await requireKey(caller, await keys.find(keyId), keyId, teams);

    const binding = ['ListGrants', caller.id, keyId];
    const limit = pageSize(size);
    const [at, id] = decodePageToken(pageToken, binding, ['time', 'id']) ?? [];
    const after = at !== undefined && id !== undefined ? { at, id } : undefined;
    const rows = await grants.list(keyId, { after, limit: limit + 1 });
    const { messages, nextPageToken } = pageOf({
      ...{ rows, limit, binding, toMessage: toGrantMessage, encode: Grant.encode },
      keyOf: (grant) => [grant.createdAt.toISOString(), grant.id],
    });
    return { grants: messages, nextPageToken };
  };
}
