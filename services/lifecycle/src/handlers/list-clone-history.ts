import type { HistoryRow } from '@ramet/database';
import {
  CloneChanged,
  type CloneHistoryEntry,
  type ListCloneHistoryRequest,
  type ListCloneHistoryResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'access' | 'reads'>;

type Request = ListCloneHistoryRequest;
type Response = ListCloneHistoryResponse;

/** Lists what has happened to a clone that the caller sees, oldest first. */
export function listCloneHistory({ access, reads }: Needs): Unary<Request, Response> {
  return async (message, { caller }) => {
    const { cloneId, pageSize: size, pageToken: token, kinds, actor, startTime, endTime } = message;
    await reads.get(cloneId, await access.sightOf(caller));
    const wish = { kinds, actor, startTime, endTime };
    const binding = [caller.id, cloneId, JSON.stringify(wish)];
    const page = await reads.history(cloneId, wish, { size, token, binding });
    return { entries: page.items.map(toEntry), nextPageToken: page.nextToken };
  };
}

function toEntry({
  seq,
  kind,
  actor,
  cause,
  at,
  payload,
  trace,
  hash,
}: HistoryRow): CloneHistoryEntry {
  const { clone } = CloneChanged.decode(payload);
  return { seq, kind, actor, cause, time: at, clone, traceId: trace.split('-')[1] ?? '', hash };
}
