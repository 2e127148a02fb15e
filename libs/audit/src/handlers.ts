import {
  createWaker,
  type Database,
  decodePageToken,
  encodePageToken,
  pageSize,
  parseFilter,
  printFilter,
} from '@ramet/database';
import { PublicError } from '@ramet/errors';
import type {
  ExportAuditRequest,
  ExportAuditResponse,
  ListAuditRequest,
  ListAuditResponse,
} from '@ramet/proto-gen/audit.v1';
import type { Streaming, Unary } from '@ramet/rpc';
import type { AuditLog } from './audit-log.js';
import { entriesAfter, lastPruned, listEntries } from './audit-table.js';
import { AUDIT_FIELDS } from './fields.js';
import { toMessage } from './messages.js';
import type { Clock } from './ports.js';

export interface Needs {
  readonly db: Database;
  readonly log: AuditLog;
  readonly clock: Clock;
  /** The name of the service whose audit it is. */
  readonly service: string;
}

/** How long what another replica has added may stay unseen by an export. */
const LOOK_MS = 1_000;
/** A record is 2 KB at most: a page of them fits into a message. */
const PAGE = 500;

/** Lists records: all of them for an administrator, else those of the caller. */
export function listAudit({ db, service }: Needs): Unary<ListAuditRequest, ListAuditResponse> {
  return async (request, { caller }) => {
    const filter = parseFilter(request.filter, AUDIT_FIELDS);
    const binding = ['ListAudit', caller.id, caller.admin, printFilter(filter)];
    const limit = pageSize(request.pageSize);
    const [position] = decodePageToken(request.pageToken, binding, ['position']) ?? [];
    const before = position === undefined ? undefined : BigInt(position);
    const userId = caller.admin ? undefined : caller.id;

    const rows = await listEntries(db, { filter, userId, before, limit: limit + 1 });
    const listed = rows.slice(0, limit);
    const last = rows.length > limit ? listed.at(-1) : undefined;
    return {
      records: listed.map((row) => toMessage(row, service)),
      nextPageToken: last ? encodePageToken([String(last.position)], binding) : '',
    };
  };
}

/** Streams all records after a position, and then those that come. */
export function exportAudit(needs: Needs): Streaming<ExportAuditRequest, ExportAuditResponse> {
  const { db, log, clock, service } = needs;
  return async function* ({ after }, { signal }) {
    await requireKept(db, after);
    const waker = createWaker(clock);
    const quit = log.added.listen(waker.wake);
    try {
      for (let position = after; ; ) {
        const rows = await entriesAfter(db, position, PAGE);
        signal.throwIfAborted();
        if (rows.length > 0) yield { records: rows.map((row) => toMessage(row, service)) };
        position = rows.at(-1)?.position ?? position;
        if (rows.length < PAGE) await waker.wait(LOOK_MS, signal);
        signal.throwIfAborted();
      }
    } finally {
      quit();
    }
  };
}

async function requireKept(db: Database, after: bigint): Promise<void> {
  const pruned = await lastPruned(db);
  if (after === 0n || after >= pruned) return;
  throw new PublicError('out_of_range', 'CURSOR_PRUNED', 'records after this one were removed', {
    metadata: { oldest_cursor: String(pruned) },
  });
}
