import type { ReadHistoryRequest, ReadHistoryResponse } from '@ramet/proto-gen/history.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'history'>;

const PAGE = 500;

/** Reads the history of this service, for the services that follow it. */
export function readHistory({ history }: Needs): Unary<ReadHistoryRequest, ReadHistoryResponse> {
  return async ({ after, pageSize }) => {
    const rows = await history.read(after, pageSize === 0 ? PAGE : pageSize);
    const entries = rows.map(({ aggregate, trace, ...row }) => ({
      ...row,
      aggregateId: aggregate,
    }));
    return { entries };
  };
}
