import { conflict, invalid, PublicError } from '@ramet/errors';
import {
  changed,
  etagStale,
  type Key,
  type KeyVersion,
  keyInUse,
  requireEtag,
  requireValidity,
} from './key.js';

/** Versions of a key whose secrets are there. */
const MAX_LIVE_VERSIONS = 10;

/** Versions that are told of: the newest, and whichever others have their secrets. */
const SHOWN_VERSIONS = 20;

/** What is due to be destroyed: a version of a key, or the whole of it. */
export interface Due {
  readonly keyId: string;
  readonly version: number | undefined;
  /** Since when it is due, as the database writes it: what was due first comes first. */
  readonly since: string;
}

/** What its owner may change about a key. What is not there stays. */
export interface KeyChange
  extends Partial<Pick<Key, 'name' | 'labels' | 'venueKeyId' | 'isDefault'>>,
    Partial<Pick<Key, 'validFrom' | 'validUntil'>> {}

/** The key after a change by its owner; the same key if it is so already, whatever the etag. */
export function updated(key: Key, at: Date, etag: string, change: KeyChange): Key {
  requireThere(key);
  const same = (Object.keys(change) as readonly (keyof KeyChange)[]).every((field) =>
    isSame(key[field], change[field]),
  );
  if (same) return key;
  requireEtag(key, etag);
  const next = { ...key, ...change };
  requireValidity(next);
  if (key.venueKeyId !== '' && next.venueKeyId === '') {
    throw invalid({ field: 'venue_key_id', description: 'is required: the key has one' });
  }
  return changed(key, at, { ...change, versions: named(key, next.venueKeyId) });
}

/**
 * The key that signs no more until it is enabled; the same key if it is so already, whatever the etag:
 * who asks again has read it before.
 */
export function disabled(key: Key, at: Date, etag: string): Key {
  requireThere(key);
  if (key.disabledAt) return key;
  requireEtag(key, etag);
  return changed(key, at, { disabledAt: at });
}

/** The key that signs again; the same key if it was not disabled. */
export function enabled(key: Key, at: Date, etag: string): Key {
  requireThere(key);
  requireEtag(key, etag);
  return key.disabledAt ? changed(key, at, { disabledAt: undefined }) : key;
}

/** A secret that takes the place of the one that a key has. */
export type NewVersion = Pick<KeyVersion, 'origin' | 'publicKey' | 'venueKeyId'>;

/**
 * The key with a new version. Those before sign for some time more, for who has them, and none of
 * them longer than the overlap.
 *
 * Throws ETAG_STALE unless the key has the version that is to be replaced.
 */
export function rotated(
  key: Key,
  at: Date,
  replaced: number,
  { version, overlapMs }: { readonly version: NewVersion; readonly overlapMs: number },
): Key {
  requireThere(key);
  if (key.version !== replaced) throw etagStale(key);
  if (key.versions.filter(({ destroyedAt }) => !destroyedAt).length >= MAX_LIVE_VERSIONS) {
    throw versionsFull(key.id);
  }
  const number = key.version + 1;
  const retireAt = new Date(at.getTime() + overlapMs);
  const before = key.versions.map((each) =>
    each.retireAt && each.retireAt <= retireAt ? each : { ...each, retireAt },
  );
  const next = { ...version, number, createdAt: at, retireAt: undefined, destroyedAt: undefined };
  const { origin, publicKey, venueKeyId } = version;
  const versions = [next, ...before].filter(
    ({ destroyedAt }, index) => index < SHOWN_VERSIONS || !destroyedAt,
  );
  return changed(key, at, { version: number, versions, origin, publicKey, venueKeyId });
}

/** The key whose version with a number was destroyed, after its time; the same key if it is so. */
export function versionDestroyed(key: Key, at: Date, number: number): Key {
  const version = key.versions.find((each) => each.number === number);
  const isOver = version?.retireAt && version.retireAt <= at && !version.destroyedAt;
  return isOver ? changed(key, at, { versions: destroyedIn(key, at, number) }) : key;
}

/**
 * The key after its deletion; the same key if it is deleted already. Its secrets are kept until the
 * wait is over.
 *
 * Throws KEY_IN_USE while a clone holds it, and ETAG_STALE if it is not as the caller has read it.
 */
export function deleted(key: Key, at: Date, etag: string, waitMs: number): Key {
  if (key.deletedAt) return key;
  requireEtag(key, etag);
  if (key.hold) throw keyInUse(key.id);
  const purgeAt = new Date(at.getTime() + waitMs);
  return changed(key, at, { deletedAt: at, purgeAt, isDefault: false });
}

/** The key whose deletion was taken back; the same key if it was not deleted. */
export function undeleted(key: Key, at: Date): Key {
  if (!key.deletedAt) return key;
  if (key.destroyedAt || (key.purgeAt && key.purgeAt <= at)) throw keyDeleted(key.id);
  return changed(key, at, { deletedAt: undefined, purgeAt: undefined });
}

/** The key whose secrets were destroyed, once the wait is over; the same key if it is not time. */
export function destroyed(key: Key, at: Date): Key {
  if (key.destroyedAt || !key.purgeAt || key.purgeAt > at) return key;
  return changed(key, at, { destroyedAt: at, versions: destroyedIn(key, at) });
}

function destroyedIn({ versions }: Key, at: Date, number?: number): readonly KeyVersion[] {
  return versions.map((each) => {
    const isMeant = number === undefined || each.number === number;
    return isMeant && !each.destroyedAt ? { ...each, destroyedAt: at } : each;
  });
}

/** What the venue calls a key is told of the version that signs. */
function named(key: Key, venueKeyId: string): readonly KeyVersion[] {
  return key.versions.map((each) => (each.number === key.version ? { ...each, venueKeyId } : each));
}

function requireThere({ id, deletedAt }: Key): void {
  if (deletedAt) throw keyDeleted(id);
}

function keyDeleted(id: string): PublicError {
  return conflict('KEY_DELETED', { kind: 'key', id }, 'the key is deleted');
}

function versionsFull(id: string): PublicError {
  const message = `the key has ${MAX_LIVE_VERSIONS} versions whose time is not over`;
  return new PublicError('resource_exhausted', 'KEY_VERSIONS_FULL', message, {
    metadata: { key_id: id },
    quotas: [{ subject: `key/${id}`, description: message }],
  });
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
