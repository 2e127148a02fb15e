const FIRST_BYTES = 64 * 1024;

/** A piece of a blob of a size that is sent at once. */
export interface Part {
  /** The bytes, in a buffer that holds the next part as soon as that is asked for. */
  readonly bytes: Uint8Array;
  /** Whether nothing follows. */
  readonly isLast: boolean;
}

/**
 * Makes parts of `partBytes` each of pieces of any size; the last may be shorter, or empty.
 *
 * Holds one part in memory, in a buffer that grows with it.
 */
export async function* inParts(
  pieces: AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Part, void, undefined> {
  let buffer: Buffer = Buffer.allocUnsafeSlow(Math.min(FIRST_BYTES, partBytes));
  let filled = 0;
  for await (const piece of pieces) {
    for (let rest = piece; rest.length > 0; ) {
      if (filled === partBytes) {
        yield { bytes: buffer, isLast: false };
        filled = 0;
      }
      const taken = rest.subarray(0, partBytes - filled);
      buffer = withRoom(buffer, filled, filled + taken.length, partBytes);
      buffer.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
    }
  }
  yield { bytes: buffer.subarray(0, filled), isLast: true };
}

function withRoom(buffer: Buffer, filled: number, needed: number, most: number): Buffer {
  if (needed <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(needed, buffer.length * 2)));
  buffer.copy(larger, 0, 0, filled);
  return larger;
}
