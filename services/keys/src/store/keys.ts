import {
  claimRequestId,
  type Database,
  findRequestId,
  type RequestId,
  type Tx,
} from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { Failpoints } from '@ramet/service';
import { createdOf, type Key } from '../domain/key.js';
import type { Owner } from '../domain/owner.js';
import { keyCreated } from '../events.js';
import type { SealedKey } from '../sealing/sealed-secret.js';
import { unsetDefault } from './default-key.js';
import { keyDuplicate, nameTaken, refusalOf } from './key-refusals.js';
import { type Cause, type KeyRow, recordFirst, SELECT_KEY, toKey } from './key-rows.js';
import { insertVersion } from './key-versions.js';

/** A page of a list by id. */
export interface Page {
  readonly after: string | undefined;
  readonly limit: number;
}

interface Fingerprinted {
  readonly fingerprint: Buffer | undefined;
}

/** The keys, as they are now. Every change goes through here, with its history. */
export class Keys {
  readonly #db: Database;
  readonly #failpoints: Failpoints;

  constructor(db: Database, failpoints: Failpoints) {
    this.#db = db;
    this.#failpoints = failpoints;
  }

  /** The key of an earlier request, as it is now. Throws REQUEST_ID_REUSED if it was another one. */
  async findCreated(request: RequestId): Promise<Key | undefined> {
    const repeated = await findRequestId(this.#db, request);
    return repeated && this.get(repeated.resourceId);
  }

  /**
   * Creates a key, or returns the one that the same request has created.
   *
   * Throws NAME_TAKEN, KEY_DUPLICATE and REQUEST_ID_REUSED.
   */
  async create(key: SealedKey, request: RequestId, cause: Cause): Promise<Key> {
    const created = await this.#db
      .transaction(async (tx) => {
        const claimed = await claimRequestId(tx, { ...request, resourceId: key.id });
        return claimed === 'new' ? insert(tx, key, cause) : claimed;
      })
      .catch((thrown: unknown) => {
        throw refusalOf(thrown, key.name);
      });
    this.#failpoints.hit('keys.create.committed');
    return 'resourceId' in created ? this.get(created.resourceId) : created;
  }

  /** Throws NAME_TAKEN or KEY_DUPLICATE if `create` would. Without a fingerprint the secret is new. */
  async checkNew({
    owner,
    name,
    fingerprint,
  }: Pick<Key, 'owner' | 'name'> & Fingerprinted): Promise<void> {
    const sql = `
      select name = $3 as "nameTaken" from key
      where owner_kind = $1 and owner_id = $2 and name = $3 and deleted_at is null
      union all
      select false from key_version
      where owner_kind = $1 and owner_id = $2 and fingerprint = $4 and is_taken
      limit 1`;
    const params = [owner.kind, owner.id, name, fingerprint];
    const [found] = await this.#db.query<{ readonly nameTaken: boolean }>(sql, params);
    if (found) throw found.nameTaken ? nameTaken(name) : keyDuplicate();
  }

  /** Throws KEY_NOT_FOUND. A deleted key is still there. */
  async get(id: string): Promise<Key> {
    const key = await this.find(id);
    if (!key) throw notFound('key', id);
    return key;
  }

  async find(id: string): Promise<Key | undefined> {
    const [row] = await this.#db.query<KeyRow>(`${SELECT_KEY} where key.id = $1`, [id]);
    return row && toKey(row);
  }

  /** A key, and what time it is. */
  async findNow(id: string): Promise<{ readonly key: Key; readonly now: Date } | undefined> {
    const sql = `select k.*, ramet_now() as now from (${SELECT_KEY} where key.id = $1) as k`;
    const [row] = await this.#db.query<KeyRow & { readonly now: Date }>(sql, [id]);
    return row && { key: toKey(row), now: row.now };
  }

  /** The keys of an owner, by id: those that are there, or those that are deleted and can come back. */
  async list(
    { kind, id }: Owner,
    { after, limit, deleted }: Page & { readonly deleted: boolean },
  ): Promise<readonly Key[]> {
    // Each is the condition of an index.
    const wanted = deleted
      ? 'deleted_at is not null and destroyed_at is null'
      : 'deleted_at is null';
    const sql = `${SELECT_KEY}
      where owner_kind = $1 and owner_id = $2 and ${wanted} and key.id > $3
      order by key.id limit $4`;
    const rows = await this.#db.query<KeyRow>(sql, [kind, id, after ?? '', limit]);
    return rows.map(toKey);
  }

  /**
   * The keys of any of the owners that can be given to a clone now, by id; only the one of this id if
   * it is not empty. Default keys are not offered: they are there for who asks for one by its id.
   */
  async listAvailable(
    owners: readonly Owner[],
    { after, limit, keyId }: Page & { readonly keyId: string },
  ): Promise<readonly Key[]> {
    const sql = `${SELECT_KEY}
      where (owner_kind, owner_id) in (select * from unnest($1::text[], $2::text[]))
        and deleted_at is null and hold.key_id is null and disabled_at is null
        and coalesce(valid_from <= ramet_now(), true)
        and coalesce(valid_until > ramet_now(), true)
        and key.id > $3 and case $4 when '' then not is_default else key.id = $4 end
      order by key.id limit $5`;
    const kinds = owners.map(({ kind }) => kind);
    const ids = owners.map(({ id }) => id);
    const rows = await this.#db.query<KeyRow>(sql, [kinds, ids, after ?? '', keyId, limit]);
    return rows.map(toKey);
  }
}

async function insert(tx: Tx, given: SealedKey, cause: Cause): Promise<Key> {
  const [clock] = await tx.query<{ readonly now: Date }>(
    "select date_trunc('milliseconds', ramet_now()) as now",
  );
  if (!clock) throw new Error('the database does not tell the time');
  const { fingerprint, sealed, ...fresh } = given;
  const key = createdOf(fresh, clock.now);
  if (key.isDefault) await unsetDefault(tx, key, cause);

  const head = await recordFirst(tx, { event: keyCreated(key), key }, cause);
  await tx.query(INSERT_KEY, [
    key.id,
    key.owner.kind,
    key.owner.id,
    key.name,
    key.algorithm,
    key.venue,
    key.venueKeyId,
    key.publicKey,
    key.origin,
    key.labels,
    key.version,
    key.validFrom,
    key.validUntil,
    key.isDefault,
    key.acceptedTerms,
    key.createdAt,
    head.seq,
    head.hash,
  ]);
  await insertVersion(tx, key, { ...fresh, fingerprint, sealed });
  return key;
}

const INSERT_KEY = `
  insert into key (id, owner_kind, owner_id, name, algorithm, venue, venue_key_id, public_key,
                   origin, labels, version, valid_from, valid_until, is_default, accepted_terms,
                   created_at, updated_at, seq, hash)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11, $12, $13, $14, $15, $16, $16, $17, $18)`;
