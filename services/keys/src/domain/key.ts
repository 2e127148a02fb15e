import { conflict, PublicError } from '@ramet/errors';
import type { Algorithm } from './algorithm.js';
import type { Owner } from './owner.js';

/** The exclusive right of a clone to a key. */
export interface Hold {
  readonly cloneId: string;
  readonly createdAt: Date;
}

/** A secret key, without the secret. */
export interface Key {
  readonly id: string;
  readonly owner: Owner;
  readonly name: string;
  readonly algorithm: Algorithm;
  /** The venue that the key is for. Empty: any. */
  readonly venue: string;
  readonly venueKeyId: string;
  /** As SubjectPublicKeyInfo. Empty for algorithms that have none. */
  readonly publicKey: Buffer;
  readonly origin: 'generated' | 'imported';
  readonly labels: Readonly<Record<string, string>>;
  /** The version of the secret that new grants sign with. */
  readonly version: number;
  readonly hold: Hold | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt: Date | undefined;
  /** How many changes the key, its hold and its grants have had. */
  readonly seq: number;
}

/** What a caller compares to know whether a key has changed. */
export function etagOf({ seq }: Key): string {
  return `"${seq}"`;
}

/** The key after one more change. */
export function changed(key: Key, at: Date, change: Partial<Key> = {}): Key {
  return { ...key, ...change, updatedAt: at, seq: key.seq + 1 };
}

/**
 * The key after its deletion; the same key if it is deleted already.
 *
 * Throws KEY_IN_USE while a clone holds it, and ETAG_STALE if it is not as the caller has read it.
 */
export function deleted(key: Key, at: Date, etag: string): Key {
  if (key.deletedAt) return key;
  if (etag !== '' && etag !== etagOf(key)) throw etagStale(key);
  if (key.hold) throw keyInUse(key.id);
  return changed(key, at, { deletedAt: at });
}

/** The error for a key that a clone holds. It does not say which clone. */
export function keyInUse(keyId: string): PublicError {
  return conflict('KEY_IN_USE', { kind: 'key', id: keyId }, 'a clone holds the key');
}

function etagStale({ id }: Key): PublicError {
  return new PublicError('aborted', 'ETAG_STALE', `the key has changed: ${id}`, {
    metadata: { key_id: id },
  });
}
