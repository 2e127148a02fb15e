import { type Database, type Filter, filterSql, type Queries } from '@ramet/database';
import type { Entry } from './entry.js';
import { AUDIT_FIELDS } from './fields.js';

/** A row of `audit`. */
export interface AuditRow {
  readonly position: bigint;
  readonly at: Date;
  readonly callerKind: 'anonymous' | 'user' | 'service' | 'workload';
  readonly callerId: string;
  readonly admin: boolean;
  readonly onBehalfOf: string;
  readonly tokenId: string;
  readonly peer: string;
  readonly peerService: string;
  readonly action: string;
  readonly method: string;
  readonly targets: string[];
  readonly code: string;
  readonly reason: string;
  readonly count: number;
  readonly correlationId: string;
  readonly traceId: string;
}

/** Which rows a list has, and where its page begins. */
export interface ListOptions {
  readonly filter: Filter;
  /** Only what this user did, or services on their behalf. Undefined: everybody's. */
  readonly userId: string | undefined;
  readonly before: bigint | undefined;
  readonly limit: number;
}

/** Any number, as long as it is used for nothing but this. */
const LOCK = 7_310_005;

const COLUMNS = `
  a.position, a.at, a.caller_kind as "callerKind", a.caller_id as "callerId", a.admin,
  a.on_behalf_of as "onBehalfOf", a.token_id as "tokenId", a.peer,
  a.peer_service as "peerService", a.action, a.method, a.targets,
  a.code, a.reason, a.count, a.correlation_id as "correlationId", a.trace_id as "traceId"`;

/**
 * Adds entries. One writer at a time: positions are given and committed in the same order, so that
 * no reader of what is after a position misses one.
 */
export async function insertEntries(db: Database, entries: readonly Entry[]): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK, db.schema]);
    await tx.query(INSERT, [JSON.stringify(entries.map(toRow))]);
  });
}

const INSERT = `
  insert into audit (at, caller_kind, caller_id, admin, on_behalf_of, token_id, peer, peer_service,
                     action, method, targets, code, reason, count, correlation_id, trace_id)
  select ramet_now(), e.caller_kind, e.caller_id, e.admin, e.on_behalf_of, e.token_id, e.peer,
         e.peer_service, e.action, e.method, e.targets, e.code, e.reason, e.count, e.correlation_id, e.trace_id
  from rows from (
    jsonb_to_recordset($1::jsonb) as (
      caller_kind text, caller_id text, admin boolean, on_behalf_of text, token_id text, peer text,
      peer_service text, action text, method text, targets text[], code text, reason text, count integer,
      correlation_id text, trace_id text)
  ) with ordinality as e (caller_kind, caller_id, admin, on_behalf_of, token_id, peer, peer_service,
                          action, method, targets, code, reason, count, correlation_id, trace_id, nth)
  order by e.nth`;

function toRow({ record, count }: Entry): object {
  const { caller, peer, action, method, targets, code, reason } = record;
  return {
    ...{ peer, action, method, targets, code, reason, count },
    caller_kind: caller.kind,
    caller_id: caller.id,
    admin: caller.admin,
    peer_service: record.peerService,
    on_behalf_of: caller.onBehalfOf ?? '',
    token_id: caller.tokenId,
    correlation_id: record.correlationId,
    trace_id: record.traceId,
  };
}

/** The rows of a list, newest first. */
export async function listEntries(
  db: Queries,
  { filter, userId, before, limit }: ListOptions,
): Promise<AuditRow[]> {
  const narrow = filterSql(filter, AUDIT_FIELDS, 4);
  const sql = `
    select ${COLUMNS} from audit as a
    where ($1::text is null or a.caller_id = $1 or a.on_behalf_of = $1)
      and ($2::bigint is null or a.position < $2) and ${narrow.sql}
    order by a.position desc limit $3`;
  return db.query<AuditRow>(sql, [userId ?? null, before ?? null, limit, ...narrow.params]);
}

/** The rows after a position, oldest first. */
export async function entriesAfter(
  db: Queries,
  after: bigint,
  limit: number,
): Promise<readonly AuditRow[]> {
  const sql = `
    select ${COLUMNS} from audit as a where a.position > $1 order by a.position limit $2`;
  return db.query<AuditRow>(sql, [after, limit]);
}

/** The last position that was removed, or 0. */
export async function lastPruned(db: Queries): Promise<bigint> {
  const [row] = await db.query<{ readonly position: bigint }>('select position from audit_pruned');
  return row?.position ?? 0n;
}

/** Removes some of what is older than that. Returns how many. */
export async function pruneEntries(db: Queries, days: number, limit: number): Promise<number> {
  const [row] = await db.query<{ readonly count: number }>(PRUNE, [days, limit]);
  return row?.count ?? 0;
}

// Only from the oldest on: what is left is everything after a position.
const PRUNE = `
  with old as (
    select position from (
      select position, at from audit order by position limit $2
    ) as first
    where at < ramet_now() - make_interval(days => $1)
  ), gone as (
    delete from audit where position in (select position from old) returning position
  ), noted as (
    update audit_pruned
    set position = greatest(position, (select max(position) from gone))
    where exists (select from gone)
  )
  select count(*)::integer as count from gone`;
