import { decodePageToken, pageSize } from '@ramet/database';
import {
  DenialRecord,
  type ListDenialsRequest,
  type ListDenialsResponse,
} from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toDenialMessage } from '../log-messages.js';
import { requireKey } from './caller.js';
import { pageOf } from './paging.js';

type Needs = Pick<Deps, 'keys' | 'refusals' | 'teams'>;

/** Lists what was refused of a key, newest first. */
export function listDenials(needs: Needs): Unary<ListDenialsRequest, ListDenialsResponse> {
  const { keys, refusals, teams } = needs;
  return async ({ keyId, pageSize: size, pageToken }, { caller }) => {
    await requireKey(caller, await keys.find(keyId), keyId, teams);

    const binding = ['ListDenials', caller.id, keyId];
    const limit = pageSize(size);
    const [id] = decodePageToken(pageToken, binding, ['position']) ?? [];
    const before = id === undefined ? undefined : BigInt(id);
    const rows = await refusals.list(keyId, { before, limit: limit + 1 });
    const { messages, nextPageToken } = pageOf({
      ...{ rows, limit, binding, toMessage: toDenialMessage, encode: DenialRecord.encode },
      keyOf: (denial) => [String(denial.id)],
    });
    return { denials: messages, nextPageToken };
  };
}
