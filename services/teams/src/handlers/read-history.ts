import { invalid } from '@ramet/errors';
import type {
  HistoryEntry,
  ReadHistoryRequest,
  ReadHistoryResponse,
} from '@ramet/proto-gen/history.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'past'>;

const DEFAULT_SIZE = 500;
/** The payload of one page, but for a single entry: it must fit into a message. */
const PAGE_BYTES = 2 * 1024 * 1024;
const LAST_POSITION = 2n ** 63n - 1n;

/** Reads the history of this service after a position. */
export function readHistory({ past }: Needs): Unary<ReadHistoryRequest, ReadHistoryResponse> {
  return async ({ after, pageSize }) => {
    if (after > LAST_POSITION) {
      throw invalid({ field: 'after', description: 'must be a position' });
    }
    const rows = await past.read(after, pageSize || DEFAULT_SIZE);
    const entries = rows.map(
      ({ aggregate, trace: _, ...row }): HistoryEntry => ({ ...row, aggregateId: aggregate }),
    );
    return { entries: within(PAGE_BYTES, entries) };
  };
}

/** The first entries, as many as fit: one at least, so that a reader always gets on. */
function within(bytes: number, entries: readonly HistoryEntry[]): readonly HistoryEntry[] {
  let size = 0;
  const end = entries.findIndex(({ payload }, place) => {
    size += payload.length;
    return place > 0 && size > bytes;
  });
  return end === -1 ? entries : entries.slice(0, end);
}
