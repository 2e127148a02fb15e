import { denied, invalid } from '@ramet/errors';
import { crc32 } from './crc32.js';
import { exhausted } from './quota.js';

/** The description of a credential that is exchanged for tokens. The credential is not in it. */
export interface ApiKey {
  readonly id: string;
  readonly userId: string;
  /** What the key is for, in the words of whoever made it. */
  readonly name: string;
  /** The first characters of the key, to recognise it by. */
  readonly prefix: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** What tokens of the key are good for. Empty: all that the user may do. */
  readonly scopes: readonly string[];
  /** The keys with scopes that it was made by, and those that made them. It ends with any of them. */
  readonly madeWith: readonly string[];
  /** When a token or a login was made of it last, to within a minute. */
  readonly lastUsedAt: Date | null;
}

/** Whose keys there are: the kind stands in the key, for whoever finds one. */
export type ApiKeyKind = 'user' | 'service';

/** What else is made like a key: the codes of invitations. */
export type CodeKind = ApiKeyKind | 'invite';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_DIGITS = 30;
const CHECK_DIGITS = 6;
const SHOWN_DIGITS = 4;
const SHAPE = /^ramet_(?:user|service)_[0-9A-Za-z]{36}$/;
const MAX_DAYS = 365;
const MAX_MAKERS = 4;
const DAY_MS = 24 * 3_600_000;

/** The largest multiple of 62 in a byte: bytes from there on would favour the first digits. */
const FAIR_BYTES = 248;

/**
 * Makes the text of a key: `ramet_<kind>_`, 30 random base62 digits, and 6 that check the rest.
 *
 * The check lets a scanner or a form tell a key from other text without asking anybody.
 */
export function makeApiKey(kind: CodeKind, bytes: (count: number) => Uint8Array): string {
  let text = `ramet_${kind}_`;
  const length = text.length + RANDOM_DIGITS;
  while (text.length < length) {
    for (const byte of bytes(length - text.length)) {
      if (byte < FAIR_BYTES) text += DIGITS.charAt(byte % DIGITS.length);
    }
  }
  return text + checkOf(text);
}

/** Tells whether a text can be a key at all, by its shape and its check digits. */
export function isApiKey(text: string): boolean {
  return SHAPE.test(text) && text.slice(-CHECK_DIGITS) === checkOf(text.slice(0, -CHECK_DIGITS));
}

/** What of a key may be shown, to recognise it by. */
export function prefixOf(key: string): string {
  return key.slice(0, key.lastIndexOf('_') + 1 + SHOWN_DIGITS);
}

/** When a key is to end. Null: as late as may be. */
interface EndWish {
  readonly expiresAt: Date | null;
}

/** What somebody wants of a key that is new. */
export type NewKey = Pick<ApiKey, 'id' | 'userId' | 'name' | 'prefix' | 'scopes' | 'madeWith'> &
  EndWish;

/**
 * A key's description as it is when it has just been made. It ends no later than what has made it.
 *
 * Throws REQUEST_INVALID.
 */
export function newApiKey(wish: NewKey, at: Date, makersEnd: Date | null = null): ApiKey {
  const expiresAt = endOf(wish, at, makersEnd);
  return { ...wish, expiresAt, createdAt: at, revokedAt: null, lastUsedAt: null };
}

/** Keys of a user at most that are good at a time. */
const MAX_API_KEYS = 100;

/** Throws QUOTA_EXCEEDED if a user has as many keys as they may. */
export function requireRoomForKey(userId: string, goodCount: number): void {
  if (goodCount < MAX_API_KEYS) return;
  throw exhausted(`user/${userId}`, `a user has at most ${MAX_API_KEYS} API keys that are good`);
}

/** The key after it was revoked. Revoking it again changes nothing. */
export function revoke(key: ApiKey, at: Date): ApiKey {
  return key.revokedAt ? key : { ...key, revokedAt: at };
}

function endOf({ expiresAt }: EndWish, now: Date, makersEnd: Date | null): Date {
  const inAYear = now.getTime() + MAX_DAYS * DAY_MS;
  const latest = Math.min(inAYear, makersEnd?.getTime() ?? inAYear);
  if (!expiresAt) return new Date(latest);
  const isAllowed = expiresAt.getTime() > now.getTime() && expiresAt.getTime() <= latest;
  if (isAllowed) return expiresAt;
  const description = `must be in the future, within ${MAX_DAYS} days, and no later than the end of the key that makes it`;
  throw invalid({ field: 'expire_time', description });
}

function checkOf(text: string): string {
  let rest = crc32(text);
  let check = '';
  for (let place = 0; place < CHECK_DIGITS; place += 1) {
    check = DIGITS.charAt(rest % DIGITS.length) + check;
    rest = Math.floor(rest / DIGITS.length);
  }
  return check;
}

/** What a token says of where it is from, and of what it is good for. */
interface Origin {
  readonly binding?: unknown;
  readonly scopes?: readonly string[] | undefined;
  readonly credentialIds?: readonly string[] | undefined;
}

/**
 * Tells whether a token was made for CI, or of a signed request: it is worth less than its user, and
 * ends soon, which a key that it makes would not.
 */
export function isOfMachine({ binding, credentialIds = [] }: Origin): boolean {
  const made = (prefix: string): boolean => credentialIds.some((id) => id.startsWith(prefix));
  return binding !== undefined || made('prv_') || (made('idp_') && !made('idn_'));
}

/**
 * The keys that a key ends with which is made with a token: those that the token was made of, if it
 * has scopes. A key that is good for all makes its successor.
 *
 * Throws PERMISSION_DENIED where each has made the next too often.
 */
export function makersOf({ scopes = [], credentialIds = [] }: Origin): readonly string[] {
  const makers = scopes.length === 0 ? [] : credentialIds.filter((id) => id.startsWith('apk_'));
  if (makers.length <= MAX_MAKERS) return makers;
  throw denied('api_keys.create', `at most ${MAX_MAKERS} keys make each the next`);
}

/** Throws PERMISSION_DENIED for a service account: whoever takes one would keep it by a key more. */
export function requireKeyMaker({ isAccount }: { readonly isAccount: boolean }): void {
  if (!isAccount) return;
  throw denied('api_keys.create', 'the keys of a service account are made by people of its team');
}
