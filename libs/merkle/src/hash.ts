import { createHash } from 'node:crypto';

/** How long a hash is. */
export const HASH_BYTES = 32;

/** The root of a tree without leaves. */
export const EMPTY_ROOT = createHash('sha256').digest();

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** The hash of a record as a leaf (RFC 9162, section 2.1.1). No leaf has the hash of a node. */
export function leafHash(record: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(record).digest();
}

/** The hash of a node over those of its two halves. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** The hash over complete subtrees that lie side by side, from the highest to the lowest. */
export function joinHashes(hashes: readonly Buffer[]): Buffer {
  const last = hashes.at(-1);
  if (!last) return EMPTY_ROOT;
  return hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}
