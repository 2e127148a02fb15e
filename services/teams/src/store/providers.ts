import { type Database, NO_HISTORY, type Queries, type Tx, violates } from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { Asker, Once, Page, PageAsk } from '../domain/asker.js';
import type { Tell } from '../domain/identity.js';
import { nameTaken } from '../domain/name.js';
import {
  addressTaken,
  changeProvider,
  credentialOf,
  newProvider,
  type Provider,
  type ProviderChange,
  type ProviderWish,
} from '../domain/provider.js';
import { nonceUsed } from '../domain/signed-request.js';
import { providerChanged } from '../events.js';
import { IS_GOOD_USER, USER_REFUSAL } from './good-user.js';
import { list } from './list.js';
import { NOW, readNow } from './now.js';
import { claim } from './once.js';
import { type Chained, record } from './record.js';
import { revokeTokens } from './revocations.js';

/** A provider that is let in, the version of its user, and the time. */
export interface LetIn {
  readonly provider: Provider;
  readonly userVersion: number;
  readonly now: Date;
}

type ProviderRow = Provider & Pick<Chained, 'hash'>;

const COLUMNS = `
  p.id, p.name, p.address, (select id from mesh) as "meshId", p.user_id as "userId", p.actions, p.created_at as "createdAt",
  p.updated_at as "updatedAt", p.disabled_at as "disabledAt", p.seq as revision, p.hash`;

/** The list of providers, in Postgres, and the nonces that they have used. */
export class Providers {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads a provider. Throws PROVIDER_NOT_FOUND. */
  async get(id: string): Promise<Provider> {
    return toProvider(await find(this.#db, id));
  }

  /** Lists all providers, by id. */
  async list(ask: PageAsk, asker: Asker): Promise<Page<Provider>> {
    const sql = `select ${COLUMNS} from provider p where p.id > $1 order by p.id limit $2`;
    const read = async (after: string, limit: number): Promise<Provider[]> =>
      (await this.#db.query<ProviderRow>(sql, [after, limit])).map(toProvider);
    return list({ ask, asker, of: ['providers'], read, keyOf: ({ id }) => id });
  }

  /** Registers one, or finds what the same request has. Throws NAME_TAKEN, ADDRESS_TAKEN, USER_NOT_FOUND. */
  async register(wish: ProviderWish, asker: Asker, once: Once): Promise<Provider> {
    return this.#db.transaction(async (tx) => {
      const registered = await claim(tx, asker, once, wish.id);
      if (registered !== undefined) return toProvider(await find(tx, registered));

      const provider = newProvider(wish, await readNow(tx));
      await insert(tx, provider, asker);
      return provider;
    });
  }

  /** Changes a provider. The tokens that it has are refused, those of later are not. */
  async change(id: string, change: ProviderChange, asker: Asker): Promise<Provider> {
    return this.#db.transaction(async (tx) => {
      const row = await find(tx, id, 'for no key update');
      const before = toProvider(row);
      const after = changeProvider(before, change, await readNow(tx));
      if (after === before) return before;

      const head = { seq: before.revision, hash: row.hash };
      const { seq, hash } = await record(tx, head, providerChanged('changed', after), asker);
      await tx.query(UPDATE, [id, after.actions, after.updatedAt, after.disabledAt, seq, hash]);
      // Also when it may do less: tokens that were made for more are not worth telling apart.
      await revokeTokens(tx, [{ subject: credentialOf(before) }]);
      return after;
    });
  }

  /** The provider of an address, if it is let in. Tells of whose it is, let in or not. */
  async findLetIn(address: string, tell: Tell): Promise<LetIn | undefined> {
    const [row] = await this.#db.query<FoundProvider>(FIND_BY_ADDRESS, [address]);
    if (!row) return undefined;
    const { userVersion, now, refusal, ...provider } = row;
    const reason = refusal === null ? {} : { reason: refusal };
    tell({ kind: 'user', id: row.userId, credentialIds: [row.id], ...reason });
    return refusal === null ? { provider: toProvider(provider), userVersion, now } : undefined;
  }

  /**
   * Uses a nonce up: of two that come at once with the same one, one gets it.
   *
   * Throws NONCE_USED if it is not larger than all before, or the provider is not let in any more.
   */
  async useNonce({ id }: Provider, nonce: bigint): Promise<void> {
    const used = await this.#db.query(USE_NONCE, [id, nonce]);
    if (used.length === 0) throw nonceUsed(nonce);
  }
}

interface FoundProvider extends ProviderRow, Omit<LetIn, 'provider'> {
  /** Why it is not let in. Null: it is. */
  readonly refusal: string | null;
}

const FIND_BY_ADDRESS = `
  select ${COLUMNS}, u.seq as "userVersion", ${NOW} as now,
    case when p.disabled_at is not null then 'PROVIDER_DISABLED' else ${USER_REFUSAL} end as refusal
  from provider p join mesh_user u on u.id = p.user_id
  where p.address = $1`;

const USE_NONCE = `
  insert into provider_nonce as n (provider_id, nonce)
  select p.id, $2 from provider p join mesh_user u on u.id = p.user_id
  where p.id = $1 and p.disabled_at is null and ${IS_GOOD_USER}
  on conflict (provider_id) do update set nonce = excluded.nonce where n.nonce < excluded.nonce
  returning nonce`;

const INSERT = `
  insert into provider (id, name, address, user_id, actions, created_at, updated_at, seq, hash)
  values ($1, $2, $3, $4, $5, $6, $6, $7, $8)`;

const UPDATE = `
  update provider set actions = $2, updated_at = $3, disabled_at = $4, seq = $5, hash = $6
  where id = $1`;

async function insert(tx: Tx, provider: Provider, by: Asker): Promise<void> {
  const { id, name, address, userId, actions, createdAt } = provider;
  const { seq, hash } = await record(tx, NO_HISTORY, providerChanged('registered', provider), by);
  try {
    await tx.query(INSERT, [id, name, address, userId, actions, createdAt, seq, hash]);
  } catch (thrown) {
    if (violates(thrown, 'provider_name')) throw nameTaken('provider', name);
    if (violates(thrown, 'provider_address')) throw addressTaken(address);
    throw violates(thrown, 'provider_user_id_fkey') ? notFound('user', userId) : thrown;
  }
}

async function find(db: Queries, id: string, lock = ''): Promise<ProviderRow> {
  const sql = `select ${COLUMNS} from provider p where p.id = $1 ${lock}`;
  const [row] = await db.query<ProviderRow>(sql, [id]);
  if (!row) throw notFound('provider', id);
  return row;
}

function toProvider({ hash: _, ...provider }: ProviderRow): Provider {
  return provider;
}
