import type { Database, Tx } from '@ramet/database';
import { type IdentityProvider, nameFor, type ProvenClaims } from '../domain/identity-provider.js';
import { newUser } from '../domain/user.js';
import { IS_GOOD_USER } from './good-user.js';
import { insertIdentity } from './identity-providers.js';
import { readNow } from './now.js';
import { insertUser } from './user-chain.js';

/** A user who has proven an identity, or for whom a token of CI stands. */
export interface SignedIn {
  readonly userId: string;
  readonly admin: boolean;
  readonly version: number;
}

/** A proof of somebody's identity at a provider of people, and ids for what may have to be made. */
export interface SignInWish {
  readonly provider: IdentityProvider;
  readonly claims: ProvenClaims;
  /** The hash of the token: it is good once. */
  readonly tokenHash: Buffer;
  readonly newUserId: string;
  readonly newIdentityId: string;
}

/** What becomes of somebody who proves an identity. */
export type SignInResult =
  | ({ readonly kind: 'in'; readonly identityId: string } & SignedIn)
  /** The proof was used before, or the user is disabled. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown' };

/** The users that ID tokens stand for, in Postgres. */
export class SignIns {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Takes a proof of identity, once. Who comes for the first time may become a user. */
  async signIn(wish: SignInWish): Promise<SignInResult> {
    return this.#db.transaction(async (tx) => {
      // Those who come for the first time come one after the other.
      await tx.query(LOCK, [wish.provider.id]);
      if ((await tx.query(USE, [wish.tokenHash])).length === 0) return { kind: 'refused' };

      const known = [wish.provider.id, wish.claims.sub];
      const [found] = await tx.query<FoundIdentity>(FIND, known);
      if (found) return found.isLive ? { kind: 'in', ...found } : { kind: 'refused' };
      return wish.provider.autoCreate ? makeUser(tx, wish) : { kind: 'unknown' };
    });
  }

  /** Reads the user that a rule of trust names. Undefined if they are disabled. */
  async userOf(userId: string): Promise<SignedIn | undefined> {
    const sql = `
      select id as "userId", admin, seq as version from mesh_user u where id = $1 and ${IS_GOOD_USER}`;
    const [user] = await this.#db.query<SignedIn>(sql, [userId]);
    return user;
  }
}

interface FoundIdentity extends SignedIn {
  readonly identityId: string;
  readonly isLive: boolean;
}

const LOCK = 'select id from identity_provider where id = $1 for no key update';

const USE = `
  with old as (
    delete from used_identity_token where used_at < ramet_now() - interval '1 day'
  )
  insert into used_identity_token (hash, used_at) values ($1, ramet_now())
  on conflict do nothing returning hash`;

const FIND = `
  select i.id as "identityId", u.id as "userId", u.admin, u.seq as version,
    ${IS_GOOD_USER} as "isLive"
  from linked_identity i join mesh_user u on u.id = i.user_id
  where i.provider_id = $1 and i.subject = $2`;

async function makeUser(tx: Tx, wish: SignInWish): Promise<SignInResult> {
  const { provider, claims, newUserId: userId, newIdentityId: identityId } = wish;
  const user = newUser(
    { id: userId, name: nameFor(claims, userId), admin: false },
    await readNow(tx),
  );
  const by = { actor: `identity_provider:${provider.id}`, cause: 'first login' };
  const { seq: version } = await insertUser(tx, user, by);
  const link = { id: identityId, providerId: provider.id, subject: claims.sub, userId };
  await insertIdentity(tx, link);
  return { kind: 'in', userId, admin: false, version, identityId };
}
