import type { Database } from '@ramet/database';
import type { Denial } from '../domain/denial.js';
import type { Head, Log, LogRecord } from '../domain/log.js';
import type { Leaf } from '../log/grow.js';
import {
  DENIAL_COLUMNS,
  type OfOwner,
  OWNER_COLUMNS,
  type OwnedRecord,
  ownedDenial,
  ownedSignature,
  SIGNATURE_COLUMNS,
  type SignatureRow,
  signatureOf,
} from './log-records.js';
import { type HeadRow, type LogRow, toHead, toLog } from './log-rows.js';
import type { Places } from './log-writer.js';

/** All logs at one moment: later entries are not looked at. */
export interface Scene {
  readonly logs: readonly SeenLog[];
  /** Up to where all records have entries. */
  readonly logged: Places;
}

/** A log, and the size of its newest head: 0 if it has none. */
export interface SeenLog {
  readonly log: Log;
  readonly headSize: number;
}

/** An entry as it is stored, and the record that it is of, if that is there. */
export interface StoredEntry {
  readonly leaf: Leaf;
  readonly record: LogRecord | undefined;
}

const HEADS_PAGE = 1_000;

/** The logs and their records, for an audit. */
export class LogAuditReads {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** All logs as they are, read at once. */
  async scene(): Promise<Scene> {
    const sql = `
      select c.signature, c.denial, log.*,
             coalesce((select max(size) from log_head where log_id = log.id), 0) as "headSize"
      from log_cursor as c left join log on true order by log.id`;
    const rows = await this.#db.query<SceneRow>(sql);
    const [first] = rows;
    if (!first) throw new Error('the cursor of the logs is gone');
    const logs = rows.flatMap((row) =>
      row.id === null ? [] : [{ log: toLog(row), headSize: Number(row.headSize) }],
    );
    return { logs, logged: { signature: first.signature, denial: first.denial } };
  }

  /** Entries of a log from an index on, with their records. */
  async entries(logId: bigint, from: number, limit: number): Promise<readonly StoredEntry[]> {
    const sql = `
      select index, kind, position, hash from log_leaf
      where log_id = $1 and index >= $2 and index < $3 order by index`;
    const rows = await this.#db.query<LeafRow>(sql, [logId, from, from + limit]);
    const leaves = rows.map((row) => ({ ...row, index: Number(row.index) }));
    const records = await this.#records(leaves);
    return leaves.map((leaf) => ({ leaf, record: records.get(`${leaf.kind}/${leaf.position}`) }));
  }

  /** The heads of a log up to a size, from the smallest on. */
  async *heads(logId: bigint, upTo: number): AsyncGenerator<Head> {
    const sql = `
      select size, root, at, note from log_head
      where log_id = $1 and size > $2 and size <= $3 order by size limit $4`;
    for (let after = 0; ; ) {
      const rows = await this.#db.query<HeadRow>(sql, [logId, after, upTo, HEADS_PAGE]);
      const heads = rows.map(toHead);
      yield* heads;
      const last = heads.at(-1);
      if (!last) return;
      after = last.size;
    }
  }

  /** Records without an entry, at places where all have one. */
  async inserted({ signature, denial }: Places, limit: number): Promise<readonly OwnedRecord[]> {
    const signatures = await this.#db.query<SignatureRow & OfOwner>(
      `select ${SIGNATURE_COLUMNS}, ${OWNER_COLUMNS}
       from signature as s
       left join key_grant as g on g.id = s.grant_id left join key as k on k.id = s.key_id
       where s.position <= $1 and not exists (
         select from log_leaf where kind = 'signature' and log_leaf.position = s.position)
       order by s.position limit $2`,
      [signature, limit],
    );
    const denials = await this.#db.query<Denial & OfOwner>(
      `select ${DENIAL_COLUMNS}, ${OWNER_COLUMNS}
       from denial as d left join key as k on k.id = d.key_id
       where d.id <= $1 and not exists (
         select from log_leaf where kind = 'denial' and log_leaf.position = d.id)
       order by d.id limit $2`,
      [denial, limit],
    );
    return [...signatures.map(ownedSignature), ...denials.map(ownedDenial)];
  }

  async #records(leaves: readonly Leaf[]): Promise<ReadonlyMap<string, LogRecord>> {
    const positions = (of: Leaf['kind']): readonly bigint[] =>
      leaves.filter(({ kind }) => kind === of).map(({ position }) => position);
    const signatures = await this.#db.query<SignatureRow>(
      `select ${SIGNATURE_COLUMNS}
       from signature as s left join key_grant as g on g.id = s.grant_id
       where s.position = any ($1::bigint[])`,
      [positions('signature')],
    );
    const denials = await this.#db.query<Denial>(
      `select ${DENIAL_COLUMNS} from denial as d where d.id = any ($1::bigint[])`,
      [positions('denial')],
    );
    return new Map<string, LogRecord>([
      ...signatures.map((row) => {
        const record = { kind: 'signature', signature: signatureOf(row) } as const;
        return [`signature/${row.position}`, record] as const;
      }),
      ...denials.map((denial) => [`denial/${denial.id}`, { kind: 'denial', denial }] as const),
    ]);
  }
}

interface SceneRow extends Omit<LogRow, 'id'>, Places {
  readonly id: bigint;
  readonly headSize: bigint;
}

interface LeafRow extends Omit<Leaf, 'index'> {
  readonly index: bigint;
}
