import { type Database, type Queries, type Tx, violates } from '@ramet/database';
import { notFound, PublicError } from '@ramet/errors';
import { requireEtag } from '../domain/etag.js';
import {
  changedProvider,
  type IdentityProvider,
  type LinkedIdentity,
  newProvider,
  type ProviderChange,
  type ProviderKind,
  type ProviderWish,
} from '../domain/identity-provider.js';
import { nameTaken } from '../domain/name.js';
import { readNow } from './now.js';
import { revokeTokens } from './revocations.js';

type LinkWish = Omit<LinkedIdentity, 'createdAt'>;

const MOST = 100;

const PROVIDER = `
  id, name, kind, issuer, audience, algorithms, auto_create as "autoCreate", rules,
  created_at as "createdAt", updated_at as "updatedAt", revision`;

const IDENTITY = `
  id, provider_id as "providerId", subject, user_id as "userId", created_at as "createdAt"`;

/** Identity providers and the identities of users at them, in Postgres. */
export class IdentityProviders {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Creates a provider. Throws NAME_TAKEN, REQUEST_INVALID, USER_NOT_FOUND. */
  async create(wish: ProviderWish): Promise<IdentityProvider> {
    return this.#db.transaction(async (tx) => {
      const provider = newProvider(wish, await readNow(tx));
      await write(tx, INSERT_PROVIDER, provider);
      return provider;
    });
  }

  /**
   * Changes a provider. Throws IDENTITY_PROVIDER_NOT_FOUND, ETAG_STALE, and what `create` throws.
   */
  async change(
    id: string,
    { etag, ...change }: ProviderChange & { readonly etag: string },
  ): Promise<IdentityProvider> {
    return this.#db.transaction(async (tx) => {
      const sql = `select ${PROVIDER} from identity_provider where id = $1 for no key update`;
      const [found] = await tx.query<IdentityProvider>(sql, [id]);
      if (!found) throw notFound('identity_provider', id);
      requireEtag(found, etag);
      const provider = changedProvider(found, change, await readNow(tx));
      await write(tx, UPDATE_PROVIDER, provider);
      return provider;
    });
  }

  /** Lists all providers, by id. */
  async list(): Promise<readonly IdentityProvider[]> {
    return this.#db.query(`select ${PROVIDER} from identity_provider order by id limit ${MOST}`);
  }

  /** Finds a provider of people by its name. Throws IDENTITY_PROVIDER_NOT_FOUND. */
  async named(name: string): Promise<IdentityProvider> {
    const sql = `select ${PROVIDER} from identity_provider where name = $1 and kind = 'people'`;
    const [found] = await this.#db.query<IdentityProvider>(sql, [name]);
    if (!found) throw notFound('identity_provider', name);
    return found;
  }

  /** Finds the provider whose token it may be. */
  async of(
    kind: ProviderKind,
    issuer: string,
    audiences: readonly string[],
  ): Promise<IdentityProvider | undefined> {
    const sql = `
      select ${PROVIDER} from identity_provider
      where kind = $1 and issuer = $2 and audience = any($3) order by id limit 1`;
    const [found] = await this.#db.query<IdentityProvider>(sql, [kind, issuer, audiences]);
    return found;
  }

  /** Deletes a provider with its identities. Tokens of them are revoked. */
  async delete(id: string): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const sql = 'delete from identity_provider where id = $1 returning id';
      if ((await tx.query(sql, [id])).length === 0) throw notFound('identity_provider', id);
      await revokeTokens(tx, [{ subject: id }]);
    });
  }

  /** Links somebody at a provider to a user. Throws IDENTITY_LINKED, and NOT_FOUND of either. */
  async link(wish: LinkWish): Promise<LinkedIdentity> {
    return this.#db.transaction(async (tx) => {
      const lock = `
        select id from identity_provider where id = $1 and kind = 'people' for no key update`;
      const [provider] = await tx.query(lock, [wish.providerId]);
      if (!provider) throw notFound('identity_provider', wish.providerId);
      await requirePerson(tx, wish.userId);
      return insertIdentity(tx, wish);
    });
  }

  /** Lists the identities of a user, by id. */
  async identitiesOf(userId: string): Promise<readonly LinkedIdentity[]> {
    await requireUser(this.#db, userId);
    const sql = `
      select ${IDENTITY} from linked_identity where user_id = $1 order by id limit ${MOST}`;
    return this.#db.query(sql, [userId]);
  }

  /** Unlinks an identity. Tokens of it are revoked. Throws IDENTITY_NOT_FOUND. */
  async unlink(id: string): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const sql = 'delete from linked_identity where id = $1 returning id';
      if ((await tx.query(sql, [id])).length === 0) throw notFound('identity', id);
      await revokeTokens(tx, [{ subject: id }]);
    });
  }
}

const INSERT_PROVIDER = `
  insert into identity_provider (
    id, name, kind, issuer, audience, algorithms, auto_create, rules, created_at, updated_at,
    revision)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;

const UPDATE_PROVIDER = `
  update identity_provider
  set name = $2, kind = $3, issuer = $4, audience = $5, algorithms = $6, auto_create = $7, rules = $8,
    created_at = $9, updated_at = $10, revision = $11
  where id = $1`;

/** Writes a provider. Throws NAME_TAKEN, and USER_NOT_FOUND of its rules. */
async function write(tx: Tx, sql: string, provider: IdentityProvider): Promise<void> {
  for (const { userId } of provider.rules) await requireUser(tx, userId);
  const { id, name, kind, issuer, audience, algorithms, autoCreate, rules } = provider;
  const { createdAt, updatedAt, revision } = provider;
  const row = [id, name, kind, issuer, audience, algorithms, autoCreate, JSON.stringify(rules)];
  await tx.query(sql, [...row, createdAt, updatedAt, revision]).catch((thrown: unknown) => {
    const isTaken =
      violates(thrown, 'identity_provider_name') || violates(thrown, 'identity_provider_tokens');
    throw isTaken ? nameTaken('identity provider', name) : thrown;
  });
}

const INSERT_IDENTITY = `
  insert into linked_identity (id, provider_id, subject, user_id, created_at)
  values ($1, $2, $3, $4, $5)`;

/** Inserts an identity under the lock of its provider. Throws IDENTITY_LINKED. */
export async function insertIdentity(tx: Tx, wish: LinkWish): Promise<LinkedIdentity> {
  const createdAt = await readNow(tx);
  const { id, providerId, subject, userId } = wish;
  const row = [id, providerId, subject, userId, createdAt];
  await tx.query(INSERT_IDENTITY, row).catch((thrown: unknown) => {
    throw violates(thrown, 'linked_identity_subject') ? identityLinked(wish) : thrown;
  });
  return { ...wish, createdAt };
}

async function requireUser(db: Queries, userId: string): Promise<void> {
  const [user] = await db.query('select id from mesh_user where id = $1', [userId]);
  if (!user) throw notFound('user', userId);
}

/** No person logs in as a service account. */
async function requirePerson(db: Queries, userId: string): Promise<void> {
  const sql = 'select id from mesh_user where id = $1 and team_id is null';
  const [user] = await db.query(sql, [userId]);
  if (!user) throw notFound('user', userId);
}

function identityLinked({ providerId, subject }: LinkWish): PublicError {
  const message = `is a user already: ${subject}`;
  return new PublicError('already_exists', 'IDENTITY_LINKED', message, {
    metadata: { provider_id: providerId, subject },
  });
}
