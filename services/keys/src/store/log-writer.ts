import type { Database, Queries, Tx } from '@ramet/database';
import type { Denial } from '../domain/denial.js';
import type { Head, Log, LogOwner, LogRecord } from '../domain/log.js';
import type { GrownLog } from '../log/grow.js';
import {
  DENIAL_COLUMNS,
  type OfOwner,
  OWNER_COLUMNS,
  type OwnedRecord,
  ownedDenial,
  ownedSignature,
  SIGNATURE_COLUMNS,
  type SignatureRow,
} from './log-records.js';
import { type LogRow, toLog } from './log-rows.js';

/** Places in the two tables of records. */
export interface Places {
  readonly signature: bigint;
  readonly denial: bigint;
}

/** How far the logs are, and how far the records. */
export interface Edge {
  readonly logged: Places;
  readonly given: Places;
  /** The generations of the keys that heads are signed with. */
  readonly keys: readonly number[];
}

/** Records that are new to a log, in their order. */
export interface NewRecords {
  readonly log: Log;
  readonly records: readonly LogRecord[];
}

/** A log with its new entries, and the head over them. */
export interface Appended extends GrownLog {
  readonly head: Head;
}

/** What became of a try to append. */
export type AppendResult =
  | { readonly kind: 'busy' }
  | { readonly kind: 'appended'; readonly logs: readonly Appended[]; readonly isFull: boolean };

const BATCH = 512;

/** Adds to the logs. Whoever has the cursor's row locked does, and nobody else. */
export class LogWriter {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Tells how far the logs are, and up to where places were given to records. */
  async edge(): Promise<Edge> {
    const sql = `
      select c.signature, c.denial,
             coalesce(pg_sequence_last_value('signature_position_seq'), 0) as "lastSignature",
             coalesce(pg_sequence_last_value('denial_id_seq'), 0) as "lastDenial",
             array(select generation from log_key where retired_at is null order by generation)
               as keys
      from log_cursor as c`;
    const [row] = await this.#db.query<EdgeRow>(sql);
    if (!row) throw new Error('the cursor of the logs is gone');
    return {
      logged: { signature: row.signature, denial: row.denial },
      given: { signature: row.lastSignature, denial: row.lastDenial },
      keys: row.keys,
    };
  }

  /**
   * The transactions that are adding records at this moment, on any replica.
   *
   * Once those are gone that were there after a place was read, every record up to that place is
   * visible or will never be: a transaction is seen before it lets go of its locks.
   */
  async recorders(): Promise<readonly string[]> {
    const sql = `
      select distinct virtualtransaction as id from pg_locks
      where locktype = 'relation' and mode = 'RowExclusiveLock' and granted
        and relation in ('signature'::regclass, 'denial'::regclass)
        and database = (select oid from pg_database where datname = current_database())
      order by id`;
    const rows = await this.#db.query<{ readonly id: string }>(sql);
    return rows.map(({ id }) => id);
  }

  /**
   * Adds the next records up to some places to their logs, signatures first, in the order of their
   * positions. All records up to there must be settled.
   *
   * Repeatable: what has an entry is not added again. `grow` must be pure.
   */
  async append(
    upTo: Places,
    grow: (news: NewRecords, now: Date) => Appended,
  ): Promise<AppendResult> {
    return this.#db.transaction(async (tx): Promise<AppendResult> => {
      const [cursor] = await tx.query<Places & { readonly now: Date }>(LOCK_CURSOR);
      if (!cursor) return { kind: 'busy' };
      const records = await nextRecords(tx, cursor, upTo);
      const isFull = records.length >= BATCH;
      const news = await byLog(tx, records);
      const logs = news.map((each) => grow(each, cursor.now));
      await write(tx, logs, isFull ? placesOf(records, cursor, upTo) : upTo);
      return { kind: 'appended', logs, isFull };
    });
  }
}

interface EdgeRow extends Places {
  readonly lastSignature: bigint;
  readonly lastDenial: bigint;
  readonly keys: readonly number[];
}

const LOCK_CURSOR = `
  select signature, denial, date_trunc('milliseconds', ramet_now()) as now
  from log_cursor for update skip locked`;

async function nextRecords(tx: Tx, after: Places, upTo: Places): Promise<readonly OwnedRecord[]> {
  const signatures = await tx.query<SignatureRow & OfOwner>(
    `select ${SIGNATURE_COLUMNS}, ${OWNER_COLUMNS}
     from signature as s
     left join key_grant as g on g.id = s.grant_id
     left join key as k on k.id = s.key_id
     where s.position > $1 and s.position <= $2
     order by s.position limit $3`,
    [after.signature, upTo.signature, BATCH],
  );
  const left = BATCH - signatures.length;
  if (left === 0) return signatures.map(ownedSignature);
  const denials = await tx.query<Denial & OfOwner>(
    `select ${DENIAL_COLUMNS}, ${OWNER_COLUMNS}
     from denial as d left join key as k on k.id = d.key_id
     where d.id > $1 and d.id <= $2
     order by d.id limit $3`,
    [after.denial, upTo.denial, left],
  );
  return [...signatures.map(ownedSignature), ...denials.map(ownedDenial)];
}

/** How far a full batch has come. Refusals are read once there is no signature left. */
function placesOf(records: readonly OwnedRecord[], after: Places, upTo: Places): Places {
  const last = records.at(-1)?.record;
  if (last?.kind === 'denial') return { signature: upTo.signature, denial: last.denial.id };
  return { ...after, signature: last?.signature.position ?? after.signature };
}

/** Sorts records by their logs, and makes the logs that are missing. */
async function byLog(tx: Tx, records: readonly OwnedRecord[]): Promise<readonly NewRecords[]> {
  const owners = new Map<string, { owner: LogOwner; records: LogRecord[] }>();
  for (const { owner, record } of records) {
    const name = `${owner.kind}/${owner.id}`;
    const known = owners.get(name) ?? { owner, records: [] };
    known.records.push(record);
    owners.set(name, known);
  }
  if (owners.size === 0) return [];
  const logs = await ensureLogs(
    tx,
    [...owners.values()].map(({ owner }) => owner),
  );
  return logs.map((log) => {
    const found = owners.get(`${log.owner.kind}/${log.owner.id}`);
    if (!found) throw new Error('a log was read that nobody has asked for');
    return { log, records: found.records };
  });
}

async function ensureLogs(tx: Queries, owners: readonly LogOwner[]): Promise<readonly Log[]> {
  const params = [owners.map(({ kind }) => kind), owners.map(({ id }) => id)];
  const read = `
    select log.* from log
    join unnest($1::text[], $2::text[]) as o (kind, id)
      on log.owner_kind = o.kind and log.owner_id = o.id
    order by log.id`;
  const found = await tx.query<LogRow>(read, params);
  if (found.length === owners.length) return found.map(toLog);
  await tx.query(
    `insert into log (owner_kind, owner_id, size, peaks)
     select kind, id, 0, '{}' from unnest($1::text[], $2::text[]) as o (kind, id)
     order by kind, id on conflict do nothing`,
    params,
  );
  return (await tx.query<LogRow>(read, params)).map(toLog);
}

async function write(tx: Queries, logs: readonly Appended[], to: Places): Promise<void> {
  const leaves = logs.flatMap(({ log, leaves }) => leaves.map((leaf) => ({ ...leaf, id: log.id })));
  const nodes = logs.flatMap(({ log, nodes }) => nodes.map((node) => ({ ...node, id: log.id })));
  await tx.query(WRITE, [
    leaves.map(({ id }) => id),
    leaves.map(({ index }) => index),
    leaves.map(({ kind }) => kind),
    leaves.map(({ position }) => position),
    leaves.map(({ hash }) => hash),
    nodes.map(({ id }) => id),
    nodes.map(({ height }) => height),
    nodes.map(({ index }) => index),
    nodes.map(({ hash }) => hash),
    logs.map(({ log }) => log.id),
    logs.map(({ log }) => log.size),
    logs.map(({ root }) => root),
    logs.map(({ head }) => head.at),
    logs.map(({ head }) => head.note),
    // An array of arrays must be rectangular: the peaks go as one text each.
    logs.map(({ log }) => `{${log.peaks.map((peak) => `"\\\\x${peak.toString('hex')}"`).join()}}`),
    to.signature,
    to.denial,
  ]);
}

const WRITE = `
  with leaves as (
    insert into log_leaf (log_id, index, kind, position, hash)
    select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bytea[])
  ), nodes as (
    insert into log_node (log_id, height, index, hash)
    select * from unnest($6::bigint[], $7::int[], $8::bigint[], $9::bytea[])
  ), heads as (
    insert into log_head (log_id, size, root, at, note)
    select * from unnest($10::bigint[], $11::bigint[], $12::bytea[], $13::timestamptz[], $14::text[])
  ), grown as (
    update log set size = g.size, peaks = g.peaks::bytea[]
    from unnest($10::bigint[], $11::bigint[], $15::text[]) as g (id, size, peaks)
    where log.id = g.id
  )
  update log_cursor
  set signature = greatest(signature, $16), denial = greatest(denial, $17)`;
