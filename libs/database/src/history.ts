import { context, trace } from '@opentelemetry/api';
import type { Head } from './chain.js';
import type { Database, Queries } from './database.js';

/** One change of one aggregate, as stored. */
export interface HistoryRow {
  /** The place in the history of the service: dense, from 1. The only order that readers use. */
  readonly position: bigint;
  readonly aggregate: string;
  readonly seq: number;
  /** What happened, as `<aggregate kind>.<event>`, such as `clone.phase_changed`. */
  readonly kind: string;
  /** Who did it, such as `user:usr_...` or `service:lifecycle`. */
  readonly actor: string;
  /** Why, where the actor did it for a reason of its own. */
  readonly cause: string;
  readonly payload: Buffer;
  readonly prevHash: Buffer;
  readonly hash: Buffer;
  readonly at: Date;
  /** The `traceparent` of the call that caused it, or empty. */
  readonly trace: string;
}

/** One change to record. */
export interface NewHistory {
  readonly aggregate: string;
  readonly kind: string;
  readonly actor: string;
  readonly cause?: string;
  readonly payload: Uint8Array;
  /** The head before the change, as read under the aggregate's lock. */
  readonly prev: Head;
  /** What `nextLink` made of it: also to be written to the aggregate's row. */
  readonly next: Head;
}

export interface ReadHistoryOptions {
  /** The last position already seen. */
  readonly after: bigint;
  readonly limit: number;
  /** Only the history of this one. */
  readonly aggregate?: string;
}

/** A page ends with the row that reaches this: with one more of any size it fits into a message. */
const PAGE_BYTES = 1024 * 1024;

/**
 * Records changes in the transaction that made them, in one statement.
 *
 * The caller holds the lock of each aggregate's row, and gives the rows of one aggregate in order.
 * Readers see them once the sequencer has given them a position, shortly after the commit.
 */
export async function appendHistory(tx: Queries, rows: readonly NewHistory[]): Promise<void> {
  if (rows.length === 0) return;
  const all = <Value>(of: (row: NewHistory) => Value): Value[] => rows.map(of);
  await tx.query(INSERT, [
    all((row) => row.aggregate),
    all((row) => row.next.seq),
    all((row) => row.kind),
    all((row) => row.actor),
    all((row) => row.cause ?? ''),
    all((row) => row.payload),
    all((row) => row.prev.hash),
    all((row) => row.next.hash),
    currentTrace(),
  ]);
  tx.announceHistory();
}

// The times of an aggregate rise strictly, so that its past can be asked for by time.
const INSERT = `
  insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
  select aggregate, seq, kind, actor, cause, payload, prev_hash, hash,
         greatest(now, max(before) over each + interval '1 microsecond')
           + (row_number() over (each order by nth) - 1) * interval '1 microsecond',
         $9
  from (
    select n.*, c.now,
           (select p.at from history as p where p.aggregate = n.aggregate and p.seq = n.seq - 1)
             as before
    from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::bytea[],
                $7::bytea[], $8::bytea[]) with ordinality
           as n (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, nth),
         (select ramet_now() as now) as c
  ) as entry
  window each as (partition by aggregate)
  order by nth`;

/**
 * Reads a page of the history after a position, oldest first.
 *
 * A page may be shorter than its limit, as its bytes are limited too; only an empty one says that
 * there is no more yet.
 */
export async function readHistory(
  db: Queries,
  { after, limit, aggregate }: ReadHistoryOptions,
): Promise<readonly HistoryRow[]> {
  if (aggregate === undefined) return db.query<HistoryRow>(pageOf(''), [after, limit, PAGE_BYTES]);
  return db.query(pageOf('and aggregate = $4'), [after, limit, PAGE_BYTES, aggregate]);
}

function pageOf(condition: string): string {
  return `
    select position, aggregate, seq, kind, actor, cause, payload, prev_hash as "prevHash", hash, at,
           trace
    from (
      select due.*, sum(length(payload)) over (order by position) - length(payload) as bytes_before
      from (
        select * from history where position > $1 ${condition} order by position limit $2
      ) as due
    ) as page
    where bytes_before < $3
    order by position`;
}

/** Reads the same, from memory where this process has just given the positions itself. */
export async function readNewest(
  db: Database,
  { after, limit }: Omit<ReadHistoryOptions, 'aggregate'>,
): Promise<readonly HistoryRow[]> {
  const held = db.newest.isFed() ? db.newest.after(after, limit) : undefined;
  return held ? cut(held) : readHistory(db, { after, limit });
}

/** The rows up to the one that reaches the limit in bytes. */
function cut(rows: readonly HistoryRow[]): readonly HistoryRow[] {
  let bytes = 0;
  const end = rows.findIndex(({ payload }) => {
    bytes += payload.length;
    return bytes >= PAGE_BYTES;
  });
  return end < 0 ? rows : rows.slice(0, end + 1);
}

/** Tells whether a page was cut short by a limit, so that there may be more behind it. */
export function isFullPage(rows: readonly HistoryRow[], limit: number): boolean {
  const bytes = rows.reduce((sum, { payload }) => sum + payload.length, 0);
  return rows.length === limit || bytes >= PAGE_BYTES;
}

/** The highest position given, or 0. */
export async function lastPosition(db: Pick<Queries, 'query'>): Promise<bigint> {
  const [row] = await db.query<{ position: bigint }>('select position from sequencer');
  return row?.position ?? 0n;
}

/** The `traceparent` of the running call, or empty, for statements that write history themselves. */
export function currentTrace(): string {
  const span = trace.getSpanContext(context.active());
  if (!span) return '';
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}
