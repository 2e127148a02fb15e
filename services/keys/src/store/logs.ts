import type { Database, Queries } from '@ramet/database';
import { conflict, notFound, type PublicError } from '@ramet/errors';
import { hashRanges, type Node, type Range } from '@ramet/merkle';
import type { Denial } from '../domain/denial.js';
import type { Head, Log, LogKey, LogOwner, LogRecord, RecordName } from '../domain/log.js';
import { STORED_STEP } from '../log/grow.js';
import {
  DENIAL_COLUMNS,
  SIGNATURE_COLUMNS,
  type SignatureRow,
  signatureOf,
} from './log-records.js';
import { type HeadRow, type LogRow, toHead, toLog } from './log-rows.js';

/** An entry of a log, if it has come into one. */
export interface Entry {
  readonly log: Log;
  readonly index: number;
}

/** The logs, for those who want proof. `LogWriter` alone adds to them. */
export class Logs {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** A record of a key, as it is now, or undefined if there is none. */
  async findRecord(keyId: string, name: RecordName): Promise<LogRecord | undefined> {
    if (name.by === 'denial') {
      const sql = `
        select ${DENIAL_COLUMNS} from denial as d where d.key_id = $1 and d.id = $2`;
      const [denial] = await this.#db.query<Denial>(sql, [keyId, name.id]);
      return denial && { kind: 'denial', denial };
    }
    const [condition, value] =
      name.by === 'request'
        ? (['s.request_id = $2', name.requestId] as const)
        : (['s.position = $2', name.position] as const);
    const sql = `
      select ${SIGNATURE_COLUMNS}
      from key_grant as g join signature as s on s.grant_id = g.id
      where g.key_id = $1 and s.key_id = $1 and ${condition}
      order by s.position desc limit 1`;
    const [row] = await this.#db.query<SignatureRow>(sql, [keyId, value]);
    return row && { kind: 'signature', signature: signatureOf(row) };
  }

  /** The entry of a record, or undefined if it has none yet. */
  async findEntry(kind: LogRecord['kind'], position: bigint): Promise<Entry | undefined> {
    const sql = `
      select log.*, l.index from log_leaf as l join log on log.id = l.log_id
      where l.kind = $1 and l.position = $2`;
    const [row] = await this.#db.query<LogRow & { readonly index: bigint }>(sql, [kind, position]);
    return row && { log: toLog(row), index: Number(row.index) };
  }

  async find({ kind, id }: LogOwner): Promise<Log | undefined> {
    const sql = 'select * from log where owner_kind = $1 and owner_id = $2';
    const [row] = await this.#db.query<LogRow>(sql, [kind, id]);
    return row && toLog(row);
  }

  /** The newest head of a log: it has all entries that can be seen. */
  async newestHead(logId: bigint): Promise<Head | undefined> {
    const [head] = await this.listHeads(logId, undefined, 1);
    return head;
  }

  /** The heads of a log below a size, newest first. */
  async listHeads(
    logId: bigint,
    below: bigint | undefined,
    limit: number,
  ): Promise<readonly Head[]> {
    const sql = `
      select size, root, at, note from log_head
      where log_id = $1 and ($2::bigint is null or size < $2) order by size desc limit $3`;
    const rows = await this.#db.query<HeadRow>(sql, [logId, below, limit]);
    return rows.map(toHead);
  }

  /** The hashes of subtrees of a log: a proof. */
  prove(logId: bigint, ranges: readonly Range[]): Promise<readonly Buffer[]> {
    return hashRanges(ranges, STORED_STEP, (nodes) => this.readNodes(logId, nodes));
  }

  /** The stored hashes of complete subtrees, in their order; empty for what is not there. */
  async readNodes(logId: bigint, nodes: readonly Node[]): Promise<readonly Buffer[]> {
    const sql = `
      select coalesce(case when height = 0
               then (select hash from log_leaf where log_id = $1 and index = n.index)
               else (select hash from log_node
                     where log_id = $1 and height = n.height and index = n.index)
             end, '') as hash
      from unnest($2::int[], $3::bigint[]) with ordinality as n (height, index, nth)
      order by nth`;
    const rows = await this.#db.query<{ readonly hash: Buffer }>(sql, [
      logId,
      nodes.map(({ height }) => height),
      nodes.map(({ index }) => index),
    ]);
    return rows.map(({ hash }) => hash);
  }

  /** The keys of heads, oldest first. */
  listKeys(): Promise<readonly LogKey[]> {
    return listKeys(this.#db);
  }

  /**
   * Retires a key, unless it is retired already.
   *
   * Throws LOG_KEY_NOT_FOUND, and LAST_LOG_KEY for the only one that is not.
   */
  async retire(verifier: string): Promise<LogKey> {
    return this.#db.transaction(async (tx) => {
      await tx.query('select from log_key order by generation for update');
      await tx.query(
        `update log_key set retired_at = ramet_now()
         where verifier = $1 and retired_at is null
           and exists (select from log_key where retired_at is null and verifier <> $1)`,
        [verifier],
      );
      const key = (await listKeys(tx)).find((each) => each.verifier === verifier);
      if (!key) throw notFound('log_key', verifier);
      if (!key.retiredAt) throw lastLogKey(verifier);
      return key;
    });
  }

  /** Publishes a key, unless one of this generation is published already. */
  async publish(generation: number, verifier: string): Promise<void> {
    const sql = `
      insert into log_key (generation, verifier, created_at) values ($1, $2, ramet_now())
      on conflict do nothing`;
    await this.#db.query(sql, [generation, verifier]);
  }
}

async function listKeys(db: Queries): Promise<readonly LogKey[]> {
  const sql = `
    select generation, verifier, created_at as "createdAt", retired_at as "retiredAt"
    from log_key order by generation`;
  const rows = await db.query<LogKey & { readonly retiredAt: Date | null }>(sql);
  return rows.map((row) => ({ ...row, retiredAt: row.retiredAt ?? undefined }));
}

function lastLogKey(verifier: string): PublicError {
  const message = 'heads are signed with no other key than this one';
  return conflict('LAST_LOG_KEY', { kind: 'log_key', id: verifier }, message);
}
