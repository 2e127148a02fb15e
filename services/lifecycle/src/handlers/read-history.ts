import type { ReadHistoryRequest, ReadHistoryResponse } from '@ramet/proto-gen/history.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'reads'>;

const DEFAULT_PAGE = 500;

/** Reads the history of this service, for the services that follow it. */
export function readHistory({ reads }: Needs): Unary<ReadHistoryRequest, ReadHistoryResponse> {
  return async ({ after, pageSize }) => {
    const rows = await reads.historyAfter(after, pageSize || DEFAULT_PAGE);
    return {
      entries: rows.map(({ aggregate, ...row }) => ({ ...row, aggregateId: aggregate })),
    };
  };
}
