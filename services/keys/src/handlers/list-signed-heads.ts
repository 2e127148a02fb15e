import { decodePageToken, pageSize } from '@ramet/database';
import {
  type ListSignedHeadsRequest,
  type ListSignedHeadsResponse,
  SignedHead,
} from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toHeadMessage } from '../log-messages.js';
import { requireLogOwner } from './logs.js';
import { pageOf } from './paging.js';

type Needs = Pick<Deps, 'logs' | 'teams'>;

/** Lists the heads of a log, newest first. */
export function listSignedHeads({
  logs,
  teams,
}: Needs): Unary<ListSignedHeadsRequest, ListSignedHeadsResponse> {
  return async ({ owner: message, pageSize: size, pageToken }, { caller }) => {
    const owner = await requireLogOwner(caller, message, 'logs.list_heads', teams);

    const binding = ['ListSignedHeads', caller.id, owner];
    const limit = pageSize(size);
    const [last] = decodePageToken(pageToken, binding, ['position']) ?? [];
    const below = last === undefined ? undefined : BigInt(last);
    const log = await logs.find(owner);
    const rows = log ? await logs.listHeads(log.id, below, limit + 1) : [];
    const { messages, nextPageToken } = pageOf({
      ...{ rows, limit, binding, encode: SignedHead.encode },
      toMessage: (head) => toHeadMessage(owner, head),
      keyOf: (head) => [String(head.size)],
    });
    return { heads: messages, nextPageToken };
  };
}
