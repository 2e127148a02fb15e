import { conflict, invalid, PublicError } from '@ramet/errors';
import type { Algorithm } from './algorithm.js';
import type { Owner } from './owner.js';

/** The exclusive right of a clone to a key. */
export interface Hold {
  readonly cloneId: string;
  readonly createdAt: Date;
}

/** One secret that a key has or had, without the secret. */
export interface KeyVersion {
  /** From 1. */
  readonly number: number;
  readonly origin: 'generated' | 'imported';
  /** As SubjectPublicKeyInfo. Empty for algorithms that have none. */
  readonly publicKey: Buffer;
  readonly venueKeyId: string;
  readonly createdAt: Date;
  /** Until when it signs for the grants that have it. Undefined: it is the one that signs. */
  readonly retireAt: Date | undefined;
  readonly destroyedAt: Date | undefined;
}

/** How far a key has come in its life. */
export type KeyState = 'enabled' | 'disabled' | 'pending_deletion' | 'destroyed';

/** When a key may be used. Undefined where nothing bounds it. */
export interface Validity {
  readonly validFrom: Date | undefined;
  /** The first moment at which it may not be used any more. */
  readonly validUntil: Date | undefined;
}

/** A secret key, without the secret. */
export interface Key extends Validity {
  readonly id: string;
  readonly owner: Owner;
  readonly name: string;
  readonly algorithm: Algorithm;
  /** The venue that the key is for. Empty: any. */
  readonly venue: string;
  readonly venueKeyId: string;
  /** As SubjectPublicKeyInfo. Empty for algorithms that have none. */
  readonly publicKey: Buffer;
  readonly origin: KeyVersion['origin'];
  readonly labels: Readonly<Record<string, string>>;
  /** The version of the secret that new grants sign with. */
  readonly version: number;
  /** The newest versions, the newest first. */
  readonly versions: readonly KeyVersion[];
  /** Whether it is its owner's choice for the venue: such a one is not offered to clones. */
  readonly isDefault: boolean;
  /** The version of the venue's terms that were accepted with it. Empty: none were asked for. */
  readonly acceptedTerms: string;
  readonly hold: Hold | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly disabledAt: Date | undefined;
  readonly deletedAt: Date | undefined;
  /** When the secrets of a key that was deleted are destroyed. */
  readonly purgeAt: Date | undefined;
  readonly destroyedAt: Date | undefined;
  /** How many changes the key, its hold and its grants have had. */
  readonly seq: number;
}

/** What a caller compares to know whether a key has changed. */
export function etagOf({ seq }: Key): string {
  return `r${seq}`;
}

/** The key after one more change. */
export function changed(key: Key, at: Date, change: Partial<Key> = {}): Key {
  return { ...key, ...change, updatedAt: at, seq: key.seq + 1 };
}

/** What is said of a key when it is created. */
export type NewKey = Omit<
  Key,
  | ('version' | 'versions' | 'hold' | 'createdAt' | 'updatedAt' | 'seq')
  | ('disabledAt' | 'deletedAt' | 'purgeAt' | 'destroyedAt')
>;

/** A key right after it was created. */
export function createdOf(given: NewKey, at: Date): Key {
  const { origin, publicKey, venueKeyId } = given;
  const ends = { retireAt: undefined, destroyedAt: undefined };
  const version = { number: 1, origin, publicKey, venueKeyId, createdAt: at, ...ends };
  return {
    ...{ ...given, version: 1, versions: [version], hold: undefined, seq: 1 },
    ...{ createdAt: at, updatedAt: at, disabledAt: undefined },
    ...{ deletedAt: undefined, purgeAt: undefined, destroyedAt: undefined },
  };
}

/** How far a key has come. */
export function stateOf({ disabledAt, deletedAt, destroyedAt }: Key): KeyState {
  if (destroyedAt) return 'destroyed';
  if (deletedAt) return 'pending_deletion';
  return disabledAt ? 'disabled' : 'enabled';
}

/** Throws KEY_DISABLED, KEY_NOT_YET_VALID or KEY_EXPIRED unless a key may be used at a time. */
export function requireActive(key: Key, now: Date): void {
  const { id, validFrom, validUntil } = key;
  const subject = { kind: 'key', id };
  if (stateOf(key) !== 'enabled') throw conflict('KEY_DISABLED', subject, 'the key is disabled');
  if (validFrom && validFrom > now) {
    throw conflict('KEY_NOT_YET_VALID', subject, 'the key is not valid yet');
  }
  if (validUntil && validUntil <= now) {
    throw conflict('KEY_EXPIRED', subject, 'the key is not valid any more');
  }
}

/** Throws REQUEST_INVALID if a key would be valid at no time. */
export function requireValidity({ validFrom, validUntil }: Validity): void {
  if (!validFrom || !validUntil || validFrom < validUntil) return;
  throw invalid({ field: 'valid_until', description: 'must be after valid_from' });
}

/** Throws ETAG_STALE if a key is not as the caller has read it. Without an etag it always is. */
export function requireEtag(key: Key, etag: string): void {
  if (etag !== '' && etag !== etagOf(key)) throw etagStale(key);
}

/** The error for a key that a clone holds. It does not say which clone. */
export function keyInUse(keyId: string): PublicError {
  return conflict('KEY_IN_USE', { kind: 'key', id: keyId }, 'a clone holds the key');
}

/** The error for a key that is not as the caller has read it. */
export function etagStale({ id }: Key): PublicError {
  return new PublicError('aborted', 'ETAG_STALE', `the key has changed: ${id}`, {
    metadata: { key_id: id },
  });
}
