import { invalid } from '@ramet/errors';
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

/** A key's description as it is when it has just been made. Throws REQUEST_INVALID. */
export function newApiKey(
  wish: Pick<ApiKey, 'id' | 'userId' | 'name' | 'prefix' | 'scopes'> & EndWish,
  at: Date,
): ApiKey {
  return { ...wish, expiresAt: endOf(wish, at), createdAt: at, revokedAt: null };
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

function endOf({ expiresAt }: EndWish, now: Date): Date {
  const latest = now.getTime() + MAX_DAYS * DAY_MS;
  if (!expiresAt) return new Date(latest);
  const isAllowed = expiresAt.getTime() > now.getTime() && expiresAt.getTime() <= latest;
  if (isAllowed) return expiresAt;
  const description = `must be in the future, within ${MAX_DAYS} days`;
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

/** What a token says of where it is from. */
interface Origin {
  readonly binding?: unknown;
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
