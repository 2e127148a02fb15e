import { invalid } from '@ramet/errors';

/** Tells our cursors from any other bytes. */
const MARK = Buffer.from('rlc1');
const BYTES = MARK.length + 8;

/** The cursor of a position: the same for all watchers, and opaque to them. */
export function encodeCursor(position: bigint): Buffer {
  const cursor = Buffer.alloc(BYTES);
  MARK.copy(cursor);
  cursor.writeBigUInt64BE(position, MARK.length);
  return cursor;
}

/** The position of a cursor. Throws REQUEST_INVALID for one that was not made here. */
export function decodeCursor(cursor: Buffer): bigint {
  const isOurs = cursor.length === BYTES && cursor.subarray(0, MARK.length).equals(MARK);
  const position = isOurs ? cursor.readBigUInt64BE(MARK.length) : undefined;
  if (position === undefined || position > MAX_POSITION) throw foreignCursor();
  return position;
}

const MAX_POSITION = 2n ** 63n - 1n;

/** The error for a cursor that this service did not make. */
export function foreignCursor(): Error {
  return invalid({ field: 'cursor', description: 'was not made by this service' });
}
