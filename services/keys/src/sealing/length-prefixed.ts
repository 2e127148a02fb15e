/**
 * Joins parts so that no two lists give the same bytes: each part follows its length.
 *
 * Without the lengths, `["a", "bc"]` and `["ab", "c"]` would be one.
 */
export function lengthPrefixed(parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
