import { createHash } from 'node:crypto';
import { invalid, PublicError } from '@ramet/errors';
import type { Sight } from '../domain/sight.js';

/** Tells our cursors from any other bytes. */
const MARK = Buffer.from('rlc2');
const DIGEST = 8;
const FILTER_AT = MARK.length;
const SIGHT_AT = FILTER_AT + DIGEST;
const POSITION_AT = SIGHT_AT + DIGEST;
const OWNERS_AT = POSITION_AT + 8;
const OWNER = 4;
/** A cursor has at most 256 bytes. Of a wider sight it only tells whether it is still the same. */
const MAX_OWNERS = 50;
const MAX_POSITION = 2n ** 63n - 1n;
/** The tag of `cursor` in a response: field 5, bytes. */
const TAG = 0x2a;
const ONE_BYTE_LENGTH = 0x7f;

/** Makes the cursors of all watchers with one filter and one sight: they differ by position. */
export interface Cursors {
  at(position: bigint): Buffer;
  /** The bytes of a response that has no cursor, with the cursor of a position. */
  append(response: Buffer, position: bigint): Buffer;
}

/** A cursor, as it came back. */
export interface Place {
  readonly position: bigint;
  readonly filter: Buffer;
  readonly sight: Buffer;
  /** Of each owner in sight the beginning of a digest. Empty if there were too many, or all. */
  readonly owners: ReadonlySet<number>;
}

/** Makes what makes the cursors of a filter, by its key, and a sight. */
export function createCursors(filterKey: string, sight: Sight): Cursors {
  const template = templateOf(filterKey, sight);
  const head =
    template.length > ONE_BYTE_LENGTH
      ? [TAG, (template.length & ONE_BYTE_LENGTH) | 0x80, template.length >>> 7]
      : [TAG, template.length];
  const field = Buffer.concat([Buffer.from(head), template]);
  const positionAt = head.length + POSITION_AT;
  return {
    at(position) {
      const cursor = Buffer.from(template);
      cursor.writeBigUInt64BE(position, POSITION_AT);
      return cursor;
    },
    append(response, position) {
      const bytes = Buffer.allocUnsafe(response.length + field.length);
      response.copy(bytes);
      field.copy(bytes, response.length);
      bytes.writeBigUInt64BE(position, response.length + positionAt);
      return bytes;
    },
  };
}

function templateOf(filterKey: string, sight: Sight): Buffer {
  const owners = sight === 'all' || sight.length > MAX_OWNERS ? [] : [...sight].sort();
  const template = Buffer.alloc(OWNERS_AT + owners.length * OWNER);
  MARK.copy(template);
  digest(filterKey).copy(template, FILTER_AT, 0, DIGEST);
  sightDigest(sight).copy(template, SIGHT_AT);
  for (const [n, owner] of owners.entries()) {
    digest(owner).copy(template, OWNERS_AT + n * OWNER, 0, OWNER);
  }
  return template;
}

/** Reads a cursor. Throws REQUEST_INVALID for one that was not made here. */
export function decodeCursor(cursor: Buffer): Place {
  const rest = cursor.length - OWNERS_AT;
  const isOurs = rest >= 0 && rest % OWNER === 0 && cursor.subarray(0, FILTER_AT).equals(MARK);
  const position = isOurs ? cursor.readBigUInt64BE(POSITION_AT) : undefined;
  if (position === undefined || position > MAX_POSITION) throw foreignCursor();
  return {
    position,
    filter: cursor.subarray(FILTER_AT, SIGHT_AT),
    sight: cursor.subarray(SIGHT_AT, POSITION_AT),
    owners: new Set(
      Array.from({ length: rest / OWNER }, (_, n) => cursor.readUInt32BE(OWNERS_AT + n * OWNER)),
    ),
  };
}

/** Requires that a cursor was made for this filter. Throws REQUEST_INVALID for another. */
export function requireFilter({ filter }: Place, filterKey: string): void {
  if (filter.equals(digest(filterKey).subarray(0, DIGEST))) return;
  throw invalid({ field: 'cursor', description: 'was made for another filter' });
}

/**
 * The owners that have come into sight since a cursor was made. Undefined if one cannot tell, or if
 * others have gone: then the watcher has to see anew what there is.
 */
export function gainedSince(place: Place, sight: Sight): readonly string[] | undefined {
  if (place.sight.equals(sightDigest(sight))) return [];
  if (sight === 'all' || place.owners.size === 0) return undefined;
  const gained = sight.filter((owner) => !place.owners.has(digest(owner).readUInt32BE(0)));
  const before = sight.filter((owner) => !gained.includes(owner));
  return place.sight.equals(sightDigest(before)) ? gained : undefined;
}

/** The error for a cursor that this service did not make. */
export function foreignCursor(): PublicError {
  return invalid({ field: 'cursor', description: 'was not made by this service' });
}

/** The error for a cursor that one cannot go on from. `oldest` is the oldest one that is kept. */
export function cursorPruned(message: string, oldest: Buffer): PublicError {
  return new PublicError('out_of_range', 'CURSOR_PRUNED', message, {
    metadata: { oldest_cursor: oldest.toString('base64') },
  });
}

function sightDigest(sight: Sight): Buffer {
  return digest(sight === 'all' ? 'all' : [...sight].sort().join(' ')).subarray(0, DIGEST);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
