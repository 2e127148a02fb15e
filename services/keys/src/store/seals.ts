import { appendHistory, type Database, type Head, nextLink, type Queries } from '@ramet/database';
import type { Replica, Rotation, Seal } from '../domain/seal.js';
import type { SealEvent } from '../seal-events.js';

/** A change of the seal: what it becomes, and the event that tells. Nothing if it stays the same. */
export type SealChange = (
  seal: Seal,
  now: Date,
  tx: Queries,
) => Promise<{ readonly seal: Seal; readonly event: SealEvent } | undefined>;

/** What a replica says of itself. */
export type Said = Omit<Replica, 'seenAt'>;

interface SealRow {
  readonly sealed: boolean;
  readonly changed_by: string;
  readonly reason: string;
  readonly changed_at: Date | null;
  readonly kek_id: string;
  readonly rotation_kek_id: string | null;
  readonly rotation_data_keys: boolean | null;
  readonly rotation_total: bigint | null;
  readonly rotation_by: string | null;
  readonly rotation_reason: string | null;
  readonly rotation_at: Date | null;
  readonly rotated_at: Date | null;
  readonly seq: number;
  readonly hash: Buffer;
}

const ID = 'keys';
/** A replica that has said nothing for so long may neither sign nor be waited for. */
const REPLICA_LEASE_SECONDS = 10;

/** The seal, and the replicas that go by it. */
export class Seals {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async read(): Promise<Seal> {
    return toSeal(await rowOf(this.#db, SELECT));
  }

  /** Enters the first KEK of a new database. Returns the one that is there. */
  async enterFirstKek(kekId: string): Promise<string> {
    const sql = "update seal set kek_id = $1 where id = $2 and kek_id = ''";
    await this.#db.query(sql, [kekId, ID]);
    return (await this.read()).kekId;
  }

  /** Changes the seal, with its history. Returns it as it is then. */
  async change(actor: string, decide: SealChange): Promise<Seal> {
    return this.#db.transaction(async (tx) => {
      const row = await rowOf(tx, `${SELECT} for no key update`);
      const before = toSeal(row);
      const [clock] = await tx.query<{ readonly now: Date }>(NOW);
      if (!clock) throw new Error('the database does not tell the time');
      const change = await decide(before, clock.now, tx);
      if (!change) return before;

      const { kind, payload } = change.event;
      const prev: Head = { seq: row.seq, hash: row.hash };
      const next = nextLink(prev, ID, payload);
      await appendHistory(tx, [{ aggregate: ID, kind, actor, payload, prev, next }]);
      await tx.query(UPDATE, [...paramsOf(change.seal), next.seq, next.hash]);
      return change.seal;
    });
  }

  /** Keeps what a replica says of itself, and forgets those that are gone. Returns the seal. */
  async say({ id, state, kekIds, kekId, sealSeq }: Said): Promise<Seal> {
    const params = [id, state, kekIds, kekId, sealSeq];
    const [row] = await this.#db.query<SealRow>(SAY_AGAIN, [...params, REPLICA_LEASE_SECONDS / 2]);
    if (row) return toSeal(row);
    await this.#db.query(SAY, params);
    return this.read();
  }

  /** Forgets a replica that ends. */
  async leave(id: string): Promise<void> {
    await this.#db.query('delete from replica where id = $1', [id]);
  }

  /** The replicas that run, by id. */
  async listReplicas(): Promise<readonly Replica[]> {
    const sql = `
      select id, state, kek_ids as "kekIds", kek_id as "kekId", seal_seq as "sealSeq",
             seen_at as "seenAt"
      from replica where seen_at > ramet_now() - make_interval(secs => $1) order by id`;
    return this.#db.query<Replica>(sql, [REPLICA_LEASE_SECONDS]);
  }
}

const NOW = "select date_trunc('milliseconds', ramet_now()) as now";
const SELECT = `select * from seal where id = '${ID}'`;

const UPDATE = `
  update seal set sealed = $1, changed_by = $2, reason = $3, changed_at = $4, kek_id = $5,
    rotation_kek_id = $6, rotation_data_keys = $7, rotation_total = $8, rotation_by = $9,
    rotation_reason = $10, rotation_at = $11, rotated_at = $12, seq = $13, hash = $14
  where id = '${ID}'`;

/**
 * Of a replica that is known: whoever seals now waits for it, so that the seal may be read as it was
 * before. It would not be waited for if it was new, and has to read the seal after it has said so.
 */
const SAY_AGAIN = `
  with gone as (
    delete from replica where seen_at < ramet_now() - interval '1 minute' and id <> $1
  ), said as (
    update replica
    set state = $2, kek_ids = $3, kek_id = $4, seal_seq = $5, seen_at = ramet_now()
    where id = $1 and seen_at > ramet_now() - make_interval(secs => $6)
    returning id
  )
  select seal.* from seal, said where seal.id = '${ID}'`;

const SAY = `
  insert into replica (id, state, kek_ids, kek_id, seal_seq, seen_at)
  values ($1, $2, $3, $4, $5, ramet_now())
  on conflict (id) do update set state = excluded.state, kek_ids = excluded.kek_ids,
    kek_id = excluded.kek_id, seal_seq = excluded.seal_seq, seen_at = excluded.seen_at`;

async function rowOf(db: Queries, sql: string): Promise<SealRow> {
  const [row] = await db.query<SealRow>(sql);
  if (!row) throw new Error('the row of the seal is gone');
  return row;
}

function toSeal(row: SealRow): Seal {
  return {
    sealed: row.sealed,
    changedBy: row.changed_by,
    reason: row.reason,
    changedAt: row.changed_at ?? undefined,
    kekId: row.kek_id,
    rotation: toRotation(row),
    seq: row.seq,
  };
}

function toRotation(row: SealRow): Rotation | undefined {
  if (row.rotation_kek_id === null || row.rotation_at === null) return undefined;
  return {
    kekId: row.rotation_kek_id,
    dataKeys: row.rotation_data_keys ?? false,
    total: row.rotation_total ?? 0n,
    startedBy: row.rotation_by ?? '',
    reason: row.rotation_reason ?? '',
    startedAt: row.rotation_at,
    finishedAt: row.rotated_at ?? undefined,
  };
}

function paramsOf({ sealed, changedBy, reason, changedAt, kekId, rotation }: Seal) {
  return [
    ...[sealed, changedBy, reason, changedAt ?? null, kekId],
    rotation?.kekId ?? null,
    rotation?.dataKeys ?? null,
    rotation?.total ?? null,
    rotation?.startedBy ?? null,
    rotation?.reason ?? null,
    rotation?.startedAt ?? null,
    rotation?.finishedAt ?? null,
  ];
}
