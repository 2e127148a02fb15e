import type { Database, Queries } from '@ramet/database';
import type { Algorithm } from '../domain/algorithm.js';
import type { Rotation } from '../domain/seal.js';
import type { KekUse } from '../seal-messages.js';
import type { Sealed } from '../sealing/envelope.js';

/** A secret that a rotation has to go through, and whose it is. */
export interface StaleSecret extends Sealed {
  readonly place: SecretPlace;
  /** What it is to get a new data key for, besides a new KEK. */
  readonly needsDataKey: boolean;
}

/** Where a secret is kept. */
export type SecretPlace =
  | {
      readonly of: 'key';
      readonly id: string;
      readonly version: number;
      readonly algorithm: Algorithm;
    }
  | { readonly of: 'service'; readonly name: string };

/** A secret that was put under another KEK, beside how it was before. */
export interface Rewrapped {
  readonly before: StaleSecret;
  readonly after: Sealed;
}

/** The KEKs, by id, and what is sealed under them. */
export class Keks {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Adds wraps to the account of a KEK before they are made. Returns how many there are then. */
  async reserveWraps(kekId: string, count: number): Promise<bigint> {
    const sql = `
      insert into kek (id, wraps, created_at) values ($1, $2, ramet_now())
      on conflict (id) do update set wraps = kek.wraps + excluded.wraps
      returning wraps`;
    const [row] = await this.#db.query<{ readonly wraps: bigint }>(sql, [kekId, count]);
    return row?.wraps ?? 0n;
  }

  /** The KEKs that there are or were, newest first. */
  async list(): Promise<readonly KekUse[]> {
    const sql = `
      select id, wraps, retired_at as "retiredAt",
        (select count(*) from key_version where kek_id = kek.id and destroyed_at is null)
        + (select count(*) from service_secret where kek_id = kek.id) as secrets
      from kek order by created_at desc, id`;
    const rows = await this.#db.query<KekUse & { readonly retiredAt: Date | null }>(sql);
    return rows.map((row) => ({ ...row, retiredAt: row.retiredAt ?? undefined }));
  }

  /** How many secrets a rotation has to go through; as seen by the transaction given, if one is. */
  async countStale(aim: Aim, db: Queries = this.#db): Promise<bigint> {
    const sql = `
      select (select count(*) from key_version v where destroyed_at is null and ${STALE})
           + (select count(*) from service_secret v where ${STALE}) as count`;
    const [row] = await db.query<{ readonly count: bigint }>(sql, aimParams(aim));
    return row?.count ?? 0n;
  }

  /** Some secrets of keys that a rotation has to go through, from after a place on. */
  async listStaleKeys(aim: Aim, after: Cursor, limit: number): Promise<readonly StaleSecret[]> {
    const sql = `
      select v.key_id as id, v.version, key.algorithm, v.kek_id as "kekId",
             v.wrapped_key as "wrappedKey", v.sealed, ${NEEDS_DATA_KEY} as "needsDataKey"
      from key_version v join key on key.id = v.key_id
      where v.destroyed_at is null and (v.key_id, v.version) > ($4, $5) and ${STALE}
      order by v.key_id, v.version limit $6`;
    const params = [...aimParams(aim), after.id, after.version, limit];
    const rows = await this.#db.query<Stale & Omit<KeyPlace, 'of'>>(sql, params);
    return rows.map(({ id, version, algorithm, ...rest }) => {
      return { ...rest, place: { of: 'key', id, version, algorithm } };
    });
  }

  /** All secrets of the service itself that a rotation has to go through. */
  async listStaleOwn(aim: Aim): Promise<readonly StaleSecret[]> {
    const sql = `
      select name, kek_id as "kekId", wrapped_key as "wrappedKey", sealed,
             ${NEEDS_DATA_KEY} as "needsDataKey"
      from service_secret v where ${STALE}`;
    const rows = await this.#db.query<Stale & { readonly name: string }>(sql, aimParams(aim));
    return rows.map(({ name, ...rest }) => ({ ...rest, place: { of: 'service', name } }));
  }

  /** Stores what was rewrapped, unless something has changed it meanwhile. May be repeated. */
  async save(rewrapped: readonly Rewrapped[]): Promise<void> {
    const keys = rewrapped.filter(({ before }) => before.place.of === 'key');
    if (keys.length > 0) await this.#db.query(SAVE_KEYS, columnsOf(keys));
    const own = rewrapped.filter(({ before }) => before.place.of === 'service');
    if (own.length > 0) await this.#db.query(SAVE_OWN, columnsOf(own));
  }

  /** Locks every KEK but one: what seals under one of them right now is waited for, and then seen. */
  async lockAllBut(tx: Queries, kekId: string): Promise<void> {
    const sql = 'select from kek where id <> $1 and retired_at is null order by id for update';
    await tx.query(sql, [kekId]);
  }

  /** Retires every KEK but one. */
  async retireAllBut(tx: Queries, kekId: string, at: Date): Promise<void> {
    const sql = 'update kek set retired_at = $2 where id <> $1 and retired_at is null';
    await tx.query(sql, [kekId, at]);
  }

  /** Brings a KEK back that may have been retired. */
  async bringBack(tx: Queries, kekId: string): Promise<void> {
    await tx.query('update kek set retired_at = null where id = $1', [kekId]);
  }
}

/** Where in the keys a pass is. */
export interface Cursor {
  readonly id: string;
  readonly version: number;
}

type Aim = Pick<Rotation, 'kekId' | 'dataKeys'> & { readonly startedAt: Date };
type Stale = Sealed & Pick<StaleSecret, 'needsDataKey'>;
type KeyPlace = Extract<SecretPlace, { readonly of: 'key' }>;

const NEEDS_DATA_KEY = '($2 and v.data_key_at < $3)';
const STALE = `(v.kek_id <> $1 or ${NEEDS_DATA_KEY})`;

function aimParams({ kekId, dataKeys, startedAt }: Aim): readonly unknown[] {
  return [kekId, dataKeys, startedAt];
}

const REWRAPPED = `
  unnest($1::text[], $2::integer[], $3::text[], $4::bytea[], $5::bytea[], $6::boolean[], $7::bytea[])
    as n (id, version, kek_id, wrapped_key, sealed, is_new, before)`;
const SET = `
  set kek_id = n.kek_id, wrapped_key = n.wrapped_key, sealed = n.sealed,
      data_key_at = case when n.is_new then ramet_now() else v.data_key_at end`;
const SAVE_KEYS = `
  update key_version v ${SET} from ${REWRAPPED}
  where v.key_id = n.id and v.version = n.version and v.wrapped_key = n.before`;
const SAVE_OWN = `
  update service_secret v ${SET} from ${REWRAPPED}
  where v.name = n.id and v.wrapped_key = n.before`;

function columnsOf(rewrapped: readonly Rewrapped[]): readonly unknown[] {
  const places = rewrapped.map(({ before: { place } }) => {
    return place.of === 'key' ? place : { id: place.name, version: 0 };
  });
  return [
    places.map(({ id }) => id),
    places.map(({ version }) => version),
    rewrapped.map(({ after }) => after.kekId),
    rewrapped.map(({ after }) => after.wrappedKey),
    rewrapped.map(({ after }) => after.sealed),
    rewrapped.map(({ before }) => before.needsDataKey),
    rewrapped.map(({ before }) => before.wrappedKey),
  ];
}
