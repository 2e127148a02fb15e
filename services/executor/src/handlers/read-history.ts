import { readNewest } from '@ramet/database';
import type {
  HistoryEntry,
  ReadHistoryRequest,
  ReadHistoryResponse,
} from '@ramet/proto-gen/history.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'history'>;

const DEFAULT_SIZE = 500;

/** Reads the history of this service after a position. */
export function readHistory({ history }: Needs): Unary<ReadHistoryRequest, ReadHistoryResponse> {
  return async ({ after, pageSize }) => {
    const rows = await readNewest(history, { after, limit: pageSize || DEFAULT_SIZE });
    return {
      entries: rows.map(
        ({ aggregate, trace: _, ...row }): HistoryEntry => ({ ...row, aggregateId: aggregate }),
      ),
    };
  };
}
