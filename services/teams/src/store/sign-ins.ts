import type { Database, Tx } from '@ramet/database';
import type { Known, Tell } from '../domain/identity.js';
import { type IdentityProvider, nameFor, type ProvenClaims } from '../domain/identity-provider.js';
import { newUser } from '../domain/user.js';
import { USER_REFUSAL } from './good-user.js';
import { type LockedProvider, lockProvider } from './identity-provider-chain.js';
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

/** Whom a proof is told to, and who is charged for it. */
interface Signing {
  readonly tell: Tell;
  /** Throws if the user gets too many tokens. */
  readonly charge: (userId: string) => void;
}

/** A user whose identity was proven. */
interface CameIn extends SignedIn {
  readonly kind: 'in';
  readonly identityId: string;
}

/** What becomes of somebody who proves an identity. */
export type SignInResult =
  | CameIn
  /** The proof was used before, or the user is disabled. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown' };

/** The users that ID tokens stand for, in Postgres. */
export class SignIns {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Takes a proof of identity, once. Who comes for the first time may become a user.
   *
   * Tells of whose it is, good or not, and charges them if it is good. What `charge` throws leaves
   * the proof good.
   */
  async signIn(wish: SignInWish, { tell, charge }: Signing): Promise<SignInResult> {
    return this.#db.transaction(async (tx) => {
      const isUsed = (await tx.query(USE, [wish.tokenHash])).length === 0;
      const found = await findIdentity(tx, wish);
      const result = await (found || isUsed
        ? comeIn(found, isUsed, tell)
        : comeFirst(tx, wish, tell));
      if (result.kind === 'in') charge(result.userId);
      return result;
    });
  }

  /** Reads the user that a rule of a provider names, if they are good. Tells of them, good or not. */
  async userOf(userId: string, providerId: string, tell: Tell): Promise<SignedIn | undefined> {
    const [user] = await this.#db.query<FoundUser>(FIND_USER, [userId]);
    if (user) tell(knownOf({ ...user, admin: false }, [providerId]));
    return user?.refusal === null ? user : undefined;
  }
}

interface FoundUser extends SignedIn {
  /** Why they get no token. Null: they do. */
  readonly refusal: string | null;
}

interface FoundIdentity extends FoundUser {
  readonly identityId: string;
  readonly providerId: string;
}

const FIND_USER = `
  select id as "userId", admin, seq as version, ${USER_REFUSAL} as refusal
  from mesh_user u where id = $1`;

const USE = `
  insert into used_identity_token (hash, used_at) values ($1, ramet_now())
  on conflict do nothing returning hash`;

const FIND = `
  select i.id as "identityId", i.provider_id as "providerId", u.id as "userId", u.admin, u.seq as version,
    ${USER_REFUSAL} as refusal
  from linked_identity i join mesh_user u on u.id = i.user_id
  where i.provider_id = $1 and i.subject = $2`;

async function findIdentity(tx: Tx, wish: SignInWish): Promise<FoundIdentity | undefined> {
  const [found] = await tx.query<FoundIdentity>(FIND, [wish.provider.id, wish.claims.sub]);
  return found;
}

function comeIn(found: FoundIdentity | undefined, isUsed: boolean, tell: Tell): SignInResult {
  if (!found) return { kind: 'refused' };
  const refusal = isUsed ? 'IDENTITY_TOKEN_USED' : found.refusal;
  tell(knownOf({ ...found, refusal }, [found.providerId, found.identityId]));
  return refusal === null ? { kind: 'in', ...found } : { kind: 'refused' };
}

/** Those who come for the first time come one after the other: the next one is known then. */
async function comeFirst(tx: Tx, wish: SignInWish, tell: Tell): Promise<SignInResult> {
  const locked = await lockProvider(tx, wish.provider.id);
  if (!locked) return { kind: 'refused' };
  const found = await findIdentity(tx, wish);
  if (found) return comeIn(found, false, tell);
  if (!locked.provider.autoCreate) return { kind: 'unknown' };
  const made = await makeUser(tx, locked, wish);
  tell(knownOf({ ...made, refusal: null }, [locked.provider.id, made.identityId]));
  return made;
}

function knownOf(user: FoundUser, credentialIds: readonly string[]): Known {
  const { userId: id, admin, refusal } = user;
  return { kind: 'user', id, admin, credentialIds, ...(refusal !== null && { reason: refusal }) };
}

async function makeUser(tx: Tx, locked: LockedProvider, wish: SignInWish): Promise<CameIn> {
  const { provider } = locked;
  const { claims, newUserId: userId, newIdentityId: identityId } = wish;
  const user = newUser(
    { id: userId, name: nameFor(claims, userId), admin: false },
    await readNow(tx),
  );
  const by = { actor: `identity_provider:${provider.id}`, cause: 'first login' };
  const { seq: version } = await insertUser(tx, user, by);
  const link = { id: identityId, providerId: provider.id, subject: claims.sub, userId };
  await insertIdentity(tx, locked, link, by);
  return { kind: 'in', userId, admin: false, version, identityId };
}
