import {
  claimRequestId,
  type Database,
  findRequestId,
  type RequestId,
  type Tx,
  violates,
} from '@ramet/database';
import { notFound, PublicError } from '@ramet/errors';
import type { Failpoints } from '@ramet/service';
import { deleted, type Key } from '../domain/key.js';
import type { Owner } from '../domain/owner.js';
import { keyCreated, keyDeleted } from '../events.js';
import type { Sealed } from '../sealing/envelope.js';
import {
  type Cause,
  type KeyRow,
  lockKey,
  recordChanges,
  recordFirst,
  SELECT_KEY,
  toKey,
} from './key-rows.js';

/** A key to create. Its times come from the database. */
export interface NewKey
  extends Omit<Key, 'hold' | 'createdAt' | 'updatedAt' | 'deletedAt' | 'seq'> {
  /** The keyed digest of the secret: one secret is one key of an owner. */
  readonly fingerprint: Buffer;
  readonly sealed: Sealed;
}

/** A page of a list by id. */
export interface Page {
  readonly after: string | undefined;
  readonly limit: number;
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
  async create(key: NewKey, request: RequestId, cause: Cause): Promise<Key> {
    const created = await this.#db
      .transaction(async (tx) => {
        const claimed = await claimRequestId(tx, { ...request, resourceId: key.id });
        return claimed === 'new' ? insert(tx, key, cause) : claimed;
      })
      .catch((thrown: unknown) => {
        throw refusalOf(thrown, key);
      });
    this.#failpoints.hit('keys.create.committed');
    return 'resourceId' in created ? this.get(created.resourceId) : created;
  }

  /** Throws NAME_TAKEN or KEY_DUPLICATE if `create` would. */
  async checkNew({ owner, name, fingerprint }: NewKey): Promise<void> {
    const sql = `
      select name = $3 as "nameTaken" from key
      where owner_kind = $1 and owner_id = $2 and deleted_at is null
        and (name = $3 or fingerprint = $4)
      order by id limit 1`;
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

  /** The keys of an owner, by id. */
  async list({ kind, id }: Owner, { after, limit }: Page): Promise<readonly Key[]> {
    const sql = `${SELECT_KEY}
      where owner_kind = $1 and owner_id = $2 and deleted_at is null and key.id > $3
      order by key.id limit $4`;
    const rows = await this.#db.query<KeyRow>(sql, [kind, id, after ?? '', limit]);
    return rows.map(toKey);
  }

  /** The free keys of any of the owners, by id; only the one of this id if it is not empty. */
  async listAvailable(
    owners: readonly Owner[],
    { after, limit, keyId }: Page & { readonly keyId: string },
  ): Promise<readonly Key[]> {
    const sql = `${SELECT_KEY}
      where (owner_kind, owner_id) in (select * from unnest($1::text[], $2::text[]))
        and deleted_at is null and hold.key_id is null
        and key.id > $3 and ($4 = '' or key.id = $4)
      order by key.id limit $5`;
    const kinds = owners.map(({ kind }) => kind);
    const ids = owners.map(({ id }) => id);
    const rows = await this.#db.query<KeyRow>(sql, [kinds, ids, after ?? '', keyId, limit]);
    return rows.map(toKey);
  }

  /**
   * Deletes a key and destroys its secret; changes nothing if it is deleted already.
   *
   * Throws KEY_NOT_FOUND, KEY_IN_USE and ETAG_STALE.
   */
  async delete(id: string, etag: string, cause: Cause): Promise<Key> {
    const key = await this.#db.transaction(async (tx) => {
      const locked = await lockKey(tx, id);
      if (!locked) throw notFound('key', id);
      const next = deleted(locked.key, locked.now, etag);
      if (next === locked.key) return next;

      await tx.query(DESTROY, [id, locked.now]);
      await recordChanges(tx, locked, [{ event: keyDeleted(next), key: next }], cause);
      return next;
    });
    this.#failpoints.hit('keys.delete.committed');
    return key;
  }
}

const DESTROY = `
  update key_version set sealed = null, wrapped_key = null, destroyed_at = $2
  where key_id = $1 and destroyed_at is null`;

async function insert(
  tx: Tx,
  { fingerprint, sealed, ...given }: NewKey,
  cause: Cause,
): Promise<Key> {
  const [clock] = await tx.query<{ readonly now: Date }>(
    "select date_trunc('milliseconds', ramet_now()) as now",
  );
  if (!clock) throw new Error('the database does not tell the time');
  const times = { createdAt: clock.now, updatedAt: clock.now, deletedAt: undefined };
  const key: Key = { ...given, ...times, hold: undefined, seq: 1 };

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
    fingerprint,
    key.labels,
    key.version,
    key.createdAt,
    head.seq,
    head.hash,
  ]);
  const { kekId, wrappedKey, sealed: secret } = sealed;
  await tx.query(INSERT_VERSION, [key.id, key.version, kekId, wrappedKey, secret, clock.now]);
  return key;
}

const INSERT_KEY = `
  insert into key (id, owner_kind, owner_id, name, algorithm, venue, venue_key_id, public_key,
                   origin, fingerprint, labels, version, created_at, updated_at, seq, hash)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $13, $14, $15)`;

const INSERT_VERSION = `
  insert into key_version (key_id, version, kek_id, wrapped_key, sealed, created_at)
  values ($1, $2, $3, $4, $5, $6)`;

function refusalOf(thrown: unknown, { name }: NewKey): unknown {
  if (violates(thrown, 'key_name')) return nameTaken(name);
  return violates(thrown, 'key_fingerprint') ? keyDuplicate() : thrown;
}

function nameTaken(name: string): PublicError {
  return new PublicError('already_exists', 'NAME_TAKEN', `the owner has a key named ${name}`, {
    metadata: { name },
  });
}

/** The error for a secret that is a key of the same owner already. Does not tell which. */
function keyDuplicate(): PublicError {
  return new PublicError('already_exists', 'KEY_DUPLICATE', 'the owner has a key of this secret');
}
