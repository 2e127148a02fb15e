import type { Database, Tx } from '@ramet/database';
import type { Known, Tell } from '../domain/identity.js';
import {
  type Fate,
  fateOf,
  type GoingOn,
  idleEnd,
  type Login,
  loginEnd,
  MAX_LOGINS,
  mayHaveToken,
  type Refreshed,
  type Reuse,
  type Shown,
} from '../domain/login.js';
import { refreshTokenReused } from '../events.js';
import { USER_REFUSAL } from './good-user.js';
import { KEY_REFUSAL } from './key-refusal.js';
import { readNow } from './now.js';
import { revokeTokens } from './revocations.js';
import { advance, lockGoodUser, lockUser } from './user-chain.js';

/** A login that begins, with the hash of its first refresh token. */
export interface LoginWish extends Pick<Login, 'id' | 'userId' | 'scopes' | 'credentialIds'> {
  /** The version of the user whose credential was shown. */
  readonly version: number;
  /** The API key or the identity that it begins with. */
  readonly apiKeyId: string | null;
  readonly identityId: string | null;
  /** The revision of the identity's provider, as what was shown was judged by it. */
  readonly providerRevision?: number;
  readonly secret: Buffer;
  readonly hash: Buffer;
}

/** How a refresh token is used. */
interface Using {
  /** Makes the refresh token that follows, of the login's secret. */
  readonly makeNext: (secret: Uint8Array) => { readonly hash: Buffer };
  readonly tell: Tell;
  /** Charges the user of a token that is good. Throws if they get too many. */
  readonly charge: (userId: string) => void;
}

interface LoginRow extends Login, Pick<GoingOn, 'admin' | 'version' | 'secret'> {
  readonly generation: number;
  readonly newest: number;
  readonly newestExpiresAt: Date;
  readonly usedAt: Date | null;
  /** Why it does not go on. Null: it does. */
  readonly refusal: string | null;
}

/** A login that has ended as there are too many, and until when its newest refresh token was good. */
interface Surplus extends Pick<Login, 'id' | 'expiresAt'> {
  readonly tokenExpiresAt: Date;
}

/** The logins of users and their refresh tokens, in Postgres. */
export class Logins {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Begins a login. Returns until when its first refresh token is good.
   *
   * Ends the one that was not used for longest if there are too many. Undefined if the user was
   * disabled, or what they have shown was revoked or is judged otherwise, while they logged in.
   */
  async begin(wish: LoginWish): Promise<Date | undefined> {
    const { id, userId, scopes, secret, hash, version, credentialIds, ...begun } = wish;
    return this.#db.transaction(async (tx) => {
      // Before the user, as whoever links an identity has both.
      if (begun.identityId !== null && !(await lockProviderOf(tx, begun))) return undefined;
      if (!(await lockGoodUser(tx, { id: userId, version, credentialIds }))) return undefined;
      const now = await readNow(tx);
      const expiresAt = loginEnd(now);
      await tx.query(BEGIN, [
        ...[id, userId, begun.apiKeyId, begun.identityId],
        ...[scopes, secret, now, expiresAt],
      ]);
      const token = { hash, generation: 1, now };
      const tokenExpiresAt = await insertToken(tx, { id, expiresAt }, token);
      const surplus = await tx.query<Surplus>(END_SURPLUS, [userId, MAX_LOGINS]);
      // Of one that was not used for long there is no token: all services would be told for nothing.
      const known = surplus.filter((login) => mayHaveToken(login, now));
      await revokeLogins(tx, known);
      return tokenExpiresAt;
    });
  }

  /**
   * Uses a refresh token, given its hash. A stolen one ends its login, once; who is told so records it
   * by `recordReuse`.
   *
   * Tells of whose it is, good or not, and charges them before it is used.
   */
  async refresh(hash: Buffer, using: Using): Promise<Refreshed> {
    return this.#db.transaction(async (tx): Promise<Refreshed> => {
      await tx.query(LOCK, [hash]);
      // A statement of its own: it sees what was committed while LOCK waited.
      const [row] = await tx.query<LoginRow>(READ, [hash]);
      return row ? use(tx, row, hash, using) : OVER;
    });
  }

  /**
   * Records in the user's history why a login has ended. Apart from what ends it: that waits for
   * nobody who holds the user, and holds if this fails.
   */
  async recordReuse(reuse: Reuse): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const user = await lockUser(tx, reuse.userId);
      if (user) await advance(tx, user, refreshTokenReused(reuse), BY_TEAMS);
    });
  }

  /** Ends those of these logins that are the user's, with all that was made of them. */
  async end(userId: string, ids: readonly string[]): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await revokeLogins(tx, await tx.query<{ id: string }>(END, [ids, userId]));
    });
  }
}

const OVER: Refreshed = { kind: 'over' };
const BY_TEAMS = { actor: 'service:teams', cause: 'a refresh token was shown again' };

/** Of those that go on, by when their newest refresh token was made. Who has one locked uses it. */
const END_SURPLUS = `
  with surplus as (
    select id from login where id = any(array(
      select l.id from login l cross join lateral (
        select expires_at from refresh_token
        where login_id = l.id and used_at is null and expires_at > ramet_now() limit 1) t
      where l.user_id = $1 and l.revoked_at is null
      order by t.expires_at desc, l.id desc offset $2))
    order by id for no key update skip locked
  )
  update login set revoked_at = ramet_now() where id = any(array(select id from surplus))
  returning id, expires_at as "expiresAt", (
    select expires_at from refresh_token t where t.login_id = login.id and t.used_at is null limit 1
  ) as "tokenExpiresAt"`;

const BEGIN = `
  insert into login (
    id, user_id, api_key_id, identity_id, scopes, secret, created_at, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)`;

const LOCK_PROVIDER = `
  select true as same from linked_identity i join identity_provider p on p.id = i.provider_id
  where i.id = $1 and p.revision = $2 for share of p`;

const LOCK = `
  select id from login
  where id = (select login_id from refresh_token where hash = $1)
  for no key update`;

const READ = `
  select l.id, l.user_id as "userId", l.scopes, l.secret,
    array_remove(
      array[l.api_key_id] || k.made_with || array[i.provider_id, i.id, l.id], null
    ) as "credentialIds",
    l.expires_at as "expiresAt", u.admin, u.seq as version,
    t.generation, t.used_at as "usedAt",
    newest.generation as newest, newest.expires_at as "newestExpiresAt",
    case
      when l.revoked_at is not null or l.expires_at <= ramet_now() then 'LOGIN_OVER'
      when l.identity_id is not null and i.id is null then 'IDENTITY_NOT_LINKED'
      else coalesce(${KEY_REFUSAL}, ${USER_REFUSAL})
    end as refusal
  from refresh_token t
    join login l on l.id = t.login_id
    join mesh_user u on u.id = l.user_id
    left join api_key k on k.id = l.api_key_id
    left join linked_identity i on i.id = l.identity_id
    cross join lateral (
      select generation, expires_at from refresh_token
      where login_id = l.id order by generation desc limit 1) newest
  where t.hash = $1`;

const USE = 'update refresh_token set used_at = $2 where hash = $1';

const END = `
  update login set revoked_at = ramet_now()
  where id = any($1) and user_id = $2 and revoked_at is null
  returning id`;

/** Locks the provider of an identity against changes. False if it was changed, or either is gone. */
async function lockProviderOf(
  tx: Tx,
  { identityId, providerRevision = 0 }: Pick<LoginWish, 'identityId' | 'providerRevision'>,
): Promise<boolean> {
  return (await tx.query(LOCK_PROVIDER, [identityId, providerRevision])).length > 0;
}

async function revokeLogins(tx: Tx, logins: readonly { readonly id: string }[]): Promise<void> {
  const subjects = logins.map(({ id }) => ({ subject: id }));
  await revokeTokens(tx, subjects);
}

async function use(
  tx: Tx,
  row: LoginRow,
  hash: Buffer,
  { makeNext, tell, charge }: Using,
): Promise<Refreshed> {
  const now = await readNow(tx);
  const fate = fateOf(shownOf(row), now);
  tell(knownOf(row, fate));
  switch (fate) {
    case 'over':
      return OVER;
    case 'stolen':
      await revokeLogins(tx, await tx.query<{ id: string }>(END, [[row.id], row.userId]));
      return { kind: 'stolen', userId: row.userId, loginId: row.id };
    case 'again':
      charge(row.userId);
      return goingOn(row, row.newestExpiresAt);
    case 'next': {
      charge(row.userId);
      await tx.query(USE, [hash, now]);
      const next = { hash: makeNext(row.secret).hash, generation: row.generation + 1, now };
      return goingOn(row, await insertToken(tx, row, next));
    }
  }
}

async function insertToken(
  tx: Tx,
  login: Pick<Login, 'id' | 'expiresAt'>,
  token: { readonly hash: Buffer; readonly generation: number; readonly now: Date },
): Promise<Date> {
  const expiresAt = idleEnd(login, token.now);
  const sql = `
    insert into refresh_token (hash, login_id, generation, expires_at) values ($1, $2, $3, $4)`;
  await tx.query(sql, [token.hash, login.id, token.generation, expiresAt]);
  return expiresAt;
}

/** A token that was not used is the newest. */
function shownOf({ newestExpiresAt: expiresAt, refusal, ...row }: LoginRow): Shown {
  return { ...row, expiresAt, isLive: refusal === null };
}

function knownOf({ userId: id, admin, credentialIds, refusal }: LoginRow, fate: Fate): Known {
  const who = { kind: 'user', id, admin, credentialIds } as const;
  switch (fate) {
    case 'over':
      return { ...who, reason: refusal ?? 'REFRESH_TOKEN_EXPIRED' };
    case 'stolen':
      return { ...who, reason: 'REFRESH_TOKEN_USED' };
    case 'again':
    case 'next':
      return who;
  }
}

function goingOn({ admin, version, secret, ...row }: LoginRow, tokenExpiresAt: Date): Refreshed {
  const { id, userId, credentialIds, scopes, expiresAt } = row;
  const login = { id, userId, credentialIds, scopes, expiresAt };
  return { kind: 'on', goingOn: { admin, version, secret, login, tokenExpiresAt } };
}
