import { timingSafeEqual } from 'node:crypto';
import type { Database, Queries, Tx } from '@ramet/database';
import { notFound } from '@ramet/errors';
import {
  type ApiKey,
  type NewKey,
  newApiKey,
  requireKeyMaker,
  requireRoomForKey,
  revoke,
} from '../domain/api-key.js';
import type { Asker, Once, Page, PageAsk } from '../domain/asker.js';
import type { Tell } from '../domain/identity.js';
import { apiKeyChanged } from '../events.js';
import { USER_REFUSAL } from './good-user.js';
import { KEY_REFUSAL } from './key-refusal.js';
import { list } from './list.js';
import { claim } from './once.js';
import { revokeTokens } from './revocations.js';
import { advance, lockUser } from './user-chain.js';

/** A key to be kept, as its description and the hash of it. */
export type KeyWish = NewKey & { readonly hash: Buffer };

/** Whom a key speaks for, and for what. */
export interface Speaking {
  readonly userId: string;
  readonly admin: boolean;
  readonly version: number;
  readonly apiKeyId: string;
  readonly madeWith: readonly string[];
  readonly scopes: readonly string[];
}

/** The API keys of users, in Postgres. What happens to one stands in the history of its user. */
export class ApiKeys {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The user of a key that is good, given its hash. Tells of whose it is, good or not. */
  async findUser(hash: Buffer, tell: Tell): Promise<Speaking | undefined> {
    const [row] = await this.#db.query<FoundKey>(FIND, [hash]);
    if (!row || !timingSafeEqual(row.hash, hash)) return undefined;
    const { hash: _, refusal, ...speaking } = row;
    const { userId: id, admin, apiKeyId } = speaking;
    const reason = refusal === null ? {} : { reason: refusal };
    tell({ kind: 'user', id, admin, credentialIds: [apiKeyId], ...reason });
    return refusal === null ? speaking : undefined;
  }

  /** Lists the keys of a user, by id. Throws USER_NOT_FOUND. */
  async list(userId: string, ask: PageAsk, asker: Asker): Promise<Page<ApiKey>> {
    await requireManaged(this.#db, userId, asker);
    const read = (after: string, limit: number): Promise<ApiKey[]> =>
      this.#db.query(LIST, [userId, after, limit]);
    return list({ ask, asker, of: ['api_keys', userId], read, keyOf: ({ id }) => id });
  }

  /**
   * Keeps a key, or finds the one that the same request has made. Throws USER_NOT_FOUND,
   * QUOTA_EXCEEDED, PERMISSION_DENIED if a service account asks, and like `newApiKey`.
   *
   * `isNew` tells which: only a new key may be shown.
   */
  async create(
    { hash, ...wish }: KeyWish,
    asker: Asker,
    once: Once,
  ): Promise<{ readonly key: ApiKey; readonly isNew: boolean }> {
    await requireManaged(this.#db, wish.userId, asker);
    const [maker] = await this.#db.query<{ isAccount: boolean }>(MAKER, [asker.id]);
    if (maker) requireKeyMaker(maker);
    return this.#db.transaction(async (tx) => {
      const user = await lockUser(tx, wish.userId);
      if (!user) throw notFound('user', wish.userId);
      const created = await claim(tx, asker, once, wish.id);
      if (created !== undefined) return { key: await get(tx, created), isNew: false };

      const [good] = await tx.query<{ count: number }>(COUNT_GOOD, [wish.userId]);
      requireRoomForKey(wish.userId, good?.count ?? 0);
      const [makers] = await tx.query<{ end: Date | null }>(MAKERS_END, [wish.madeWith]);
      const key = newApiKey(wish, user.now, makers?.end);
      await insertApiKey(tx, key, hash);
      await advance(tx, user, apiKeyChanged('created', key), asker);
      return { key, isNew: true };
    });
  }

  /** Revokes a key. Again changes nothing. Throws API_KEY_NOT_FOUND. */
  async revoke(id: string, asker: Asker): Promise<ApiKey> {
    // Whose a missing key would be is asked all the same: it takes as long as a foreign one.
    const known = await find(this.#db, id);
    const isManaged = await manages(this.#db, known?.userId ?? '', asker);
    if (!known || !isManaged) throw notFound('api_key', id);
    const { userId } = known;
    return this.#db.transaction(async (tx) => {
      const user = await lockUser(tx, userId);
      if (!user) throw notFound('api_key', id);
      const key = await get(tx, id);
      const revoked = revoke(key, user.now);
      if (revoked === key) return key;

      const sql = 'update api_key set revoked_at = $2 where id = $1';
      await tx.query(sql, [id, revoked.revokedAt]);
      await advance(tx, user, apiKeyChanged('revoked', revoked), asker);
      await revokeTokens(tx, [{ subject: id }]);
      return revoked;
    });
  }
}

interface FoundKey extends Speaking {
  readonly hash: Buffer;
  /** Why it is not good. Null: it is. */
  readonly refusal: string | null;
}

const FIND = `
  select u.id as "userId", u.admin, u.seq as version, k.id as "apiKeyId",
    k.made_with as "madeWith", k.scopes, k.hash, coalesce(${KEY_REFUSAL}, ${USER_REFUSAL}) as refusal
  from api_key k join mesh_user u on u.id = k.user_id
  where k.hash = $1`;

const COUNT_GOOD = `
  select count(*)::integer as count from api_key k where user_id = $1 and ${KEY_REFUSAL} is null`;

/** A key that was made by one that was revoked is revoked since then. */
const COLUMNS = `
  k.id, k.user_id as "userId", k.name, k.prefix, k.created_at as "createdAt",
  k.expires_at as "expiresAt", k.scopes, k.made_with as "madeWith", k.last_used_at as "lastUsedAt",
  least(k.revoked_at, (
    select min(maker.revoked_at) from api_key maker where maker.id = any(k.made_with)
  )) as "revokedAt"`;

const GET = `select ${COLUMNS} from api_key k where k.id = $1`;

const LIST = `
  select ${COLUMNS} from api_key k where k.user_id = $1 and k.id > $2 order by k.id limit $3`;

const MAKER = 'select team_id is not null as "isAccount" from mesh_user where id = $1';

const MAKERS_END = 'select min(expires_at) as "end" from api_key where id = any($1)';

const MANAGED = `
  select from mesh_user u join team_member m on m.team_id = u.team_id
  where u.id = $1 and u.deleted_at is null and m.user_id = $2 and m.role in ('owner', 'admin')`;

/** Inserts a key into the transaction that records it. */
export async function insertApiKey(tx: Tx, key: ApiKey, hash: Buffer): Promise<void> {
  const sql = `
    insert into api_key (id, user_id, name, prefix, hash, created_at, expires_at, scopes, made_with)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
  const { id, userId, name, prefix, createdAt, expiresAt, scopes, madeWith } = key;
  await tx.query(sql, [id, userId, name, prefix, hash, createdAt, expiresAt, scopes, madeWith]);
}

async function get(db: Queries, id: string): Promise<ApiKey> {
  const key = await find(db, id);
  if (!key) throw notFound('api_key', id);
  return key;
}

async function find(db: Queries, id: string): Promise<ApiKey | undefined> {
  const [key] = await db.query<ApiKey>(GET, [id]);
  return key;
}

async function requireManaged(db: Queries, userId: string, asker: Asker): Promise<void> {
  if (!(await manages(db, userId, asker))) throw notFound('user', userId);
}

/** Tells whether the keys of a user are the asker's to manage: also those of their service accounts. */
async function manages(db: Queries, userId: string, asker: Asker): Promise<boolean> {
  if (userId === asker.id || asker.seesAll) return true;
  return (await db.query(MANAGED, [userId, asker.id])).length > 0;
}
