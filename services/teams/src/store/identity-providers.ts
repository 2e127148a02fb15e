import { type Database, NO_HISTORY, type Queries, type Tx, violates } from '@ramet/database';
import { notFound, PublicError } from '@ramet/errors';
import type { Asker } from '../domain/asker.js';
import { requireEtag } from '../domain/etag.js';
import {
  changedProvider,
  type IdentityProvider,
  type LinkedIdentity,
  newProvider,
  type ProviderChange,
  type ProviderKind,
  type ProviderWish,
  provesOtherwise,
  requireRoomForIdentity,
  requireRoomForProvider,
} from '../domain/identity-provider.js';
import { nameTaken } from '../domain/name.js';
import {
  type LockedProvider,
  lockProvider,
  PROVIDER,
  recordProvider,
} from './identity-provider-chain.js';
import { readNow } from './now.js';
import type { By } from './record.js';
import { revokeTokens, wasRevoked } from './revocations.js';

type LinkWish = Omit<LinkedIdentity, 'createdAt'>;

/** More than there can be: those of before there was a limit are shown as well. */
const MOST = 1_000;

const IDENTITY = `
  id, provider_id as "providerId", subject, user_id as "userId", created_at as "createdAt"`;

/**
 * Identity providers and the identities of users at them, in Postgres. What happens to either stands
 * in the history of the provider.
 */
export class IdentityProviders {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Creates a provider. Throws NAME_TAKEN, REQUEST_INVALID, USER_NOT_FOUND, QUOTA_EXCEEDED. */
  async create(wish: ProviderWish, asker: Asker): Promise<IdentityProvider> {
    return this.#db.transaction(async (tx) => {
      // Of two that come at once, one counts the other.
      await tx.query('lock table identity_provider in share row exclusive mode');
      const [all] = await tx.query<{ count: number }>(COUNT_PROVIDERS);
      requireRoomForProvider(all?.count ?? 0);
      const provider = newProvider(wish, await readNow(tx));
      await write(tx, INSERT_PROVIDER, provider);
      await recordProvider(tx, { provider, head: NO_HISTORY }, { what: 'created' }, asker);
      return provider;
    });
  }

  /**
   * Changes a provider. If it takes other tokens then, logins by those that it took before end, for
   * good. Throws IDENTITY_PROVIDER_NOT_FOUND, ETAG_STALE, and what `create` throws.
   */
  async change(
    id: string,
    { etag, ...change }: ProviderChange & { readonly etag: string },
    asker: Asker,
  ): Promise<IdentityProvider> {
    return this.#db.transaction(async (tx) => {
      const locked = await lockProvider(tx, id);
      if (!locked) throw notFound('identity_provider', id);
      requireEtag(locked.provider, etag);
      const provider = changedProvider(locked.provider, change, await readNow(tx));
      await write(tx, UPDATE_PROVIDER, provider);
      await recordProvider(tx, { ...locked, provider }, { what: 'changed' }, asker);
      if (provesOtherwise(locked.provider, provider)) await tx.query(END_LOGINS, [id]);
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

  /**
   * Deletes a provider with its identities. Tokens of them are revoked. Within a day, again changes
   * nothing. Throws IDENTITY_PROVIDER_NOT_FOUND.
   */
  async delete(id: string, asker: Asker): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const locked = await lockProvider(tx, id);
      if (!locked) {
        if (await wasRevoked(tx, id)) return;
        throw notFound('identity_provider', id);
      }
      await recordProvider(tx, locked, { what: 'deleted' }, asker);
      await tx.query('delete from identity_provider where id = $1', [id]);
      await revokeTokens(tx, [{ subject: id }]);
    });
  }

  /**
   * Links somebody at a provider to a user. Throws IDENTITY_LINKED, QUOTA_EXCEEDED, and NOT_FOUND of
   * either.
   */
  async link(wish: LinkWish, asker: Asker): Promise<LinkedIdentity> {
    return this.#db.transaction(async (tx) => {
      const locked = await lockProvider(tx, wish.providerId);
      if (locked?.provider.kind !== 'people') {
        throw notFound('identity_provider', wish.providerId);
      }
      await lockPerson(tx, wish.userId);
      const [own] = await tx.query<{ count: number }>(COUNT_IDENTITIES, [wish.userId]);
      requireRoomForIdentity(wish.userId, own?.count ?? 0);
      return insertIdentity(tx, locked, wish, asker);
    });
  }

  /** Lists the identities of a user, by id. */
  async identitiesOf(userId: string): Promise<readonly LinkedIdentity[]> {
    await requireUser(this.#db, userId);
    const sql = `
      select ${IDENTITY} from linked_identity where user_id = $1 order by id limit ${MOST}`;
    return this.#db.query(sql, [userId]);
  }

  /**
   * Unlinks an identity. Tokens of it are revoked. Within a day, again changes nothing. Throws
   * IDENTITY_NOT_FOUND.
   */
  async unlink(id: string, asker: Asker): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const sql = `select ${IDENTITY} from linked_identity where id = $1`;
      const [identity] = await tx.query<LinkedIdentity>(sql, [id]);
      const locked = identity && (await lockProvider(tx, identity.providerId));
      const gone = locked && (await tx.query(DELETE_IDENTITY, [id])).length > 0;
      if (!gone) {
        if (await wasRevoked(tx, id)) return;
        throw notFound('identity', id);
      }
      await recordProvider(tx, locked, { what: 'identity_unlinked', identity }, asker);
      await revokeTokens(tx, [{ subject: id }]);
    });
  }
}

const COUNT_PROVIDERS = 'select count(*)::integer as count from identity_provider';

const COUNT_IDENTITIES = `
  select count(*)::integer as count from linked_identity where user_id = $1`;

const END_LOGINS = `
  with over as (
    select id from login
    where identity_id = any(array(select id from linked_identity where provider_id = $1))
      and revoked_at is null
    order by id for no key update
  )
  update login set revoked_at = ramet_now() where id = any(array(select id from over))`;

const DELETE_IDENTITY = 'delete from linked_identity where id = $1 returning id';

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

/** Inserts an identity of a provider that is locked, and records it. Throws IDENTITY_LINKED. */
export async function insertIdentity(
  tx: Tx,
  locked: LockedProvider,
  wish: LinkWish,
  by: By,
): Promise<LinkedIdentity> {
  const createdAt = await readNow(tx);
  const { id, providerId, subject, userId } = wish;
  const row = [id, providerId, subject, userId, createdAt];
  await tx.query(INSERT_IDENTITY, row).catch((thrown: unknown) => {
    throw violates(thrown, 'linked_identity_subject') ? identityLinked(wish) : thrown;
  });
  const identity = { ...wish, createdAt };
  await recordProvider(tx, locked, { what: 'identity_linked', identity }, by);
  return identity;
}

async function requireUser(db: Queries, userId: string): Promise<void> {
  const [user] = await db.query('select id from mesh_user where id = $1', [userId]);
  if (!user) throw notFound('user', userId);
}

/** Locks a user: their identities are counted. No person logs in as a service account. */
async function lockPerson(tx: Tx, userId: string): Promise<void> {
  const sql = 'select id from mesh_user where id = $1 and team_id is null for no key update';
  const [user] = await tx.query(sql, [userId]);
  if (!user) throw notFound('user', userId);
}

function identityLinked({ providerId, subject }: LinkWish): PublicError {
  const message = `is a user already: ${subject}`;
  return new PublicError('already_exists', 'IDENTITY_LINKED', message, {
    metadata: { provider_id: providerId, subject },
  });
}
