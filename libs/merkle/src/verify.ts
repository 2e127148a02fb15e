import { HASH_BYTES, nodeHash } from './hash.js';

/** A claim that a leaf is in a tree. */
export interface Inclusion {
  readonly leaf: Buffer;
  readonly index: number;
  readonly size: number;
  readonly root: Buffer;
  readonly proof: readonly Buffer[];
}

/** A claim that a tree has grown from a smaller one: only by leaves at its right. */
export interface Consistency {
  readonly firstSize: number;
  readonly firstRoot: Buffer;
  readonly size: number;
  readonly root: Buffer;
  readonly proof: readonly Buffer[];
}

/** Tells whether a proof shows that a leaf is in a tree (RFC 9162, section 2.1.3.2). */
export function verifyInclusion({ leaf, index, size, root, proof }: Inclusion): boolean {
  const isSound = isWhole(index) && isWhole(size) && index < size && areHashes([leaf, ...proof]);
  if (!isSound) return false;
  let [node, last, hash] = [index, size - 1, leaf];
  for (const other of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(other, hash);
      [node, last] = climb(node, last);
    } else {
      hash = nodeHash(hash, other);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && hash.equals(root);
}

/** Tells whether a proof shows that a tree has grown from a smaller one (section 2.1.4.2). */
export function verifyConsistency(claim: Consistency): boolean {
  const { firstSize, firstRoot, size, root, proof } = claim;
  if (!(isWhole(firstSize) && isWhole(size) && firstSize <= size && areHashes(proof))) return false;
  if (firstSize === size) return proof.length === 0 && firstRoot.equals(root);
  if (firstSize === 0) return proof.length === 0;

  // A complete smaller tree is a node of the larger one, and stands for itself.
  const [start, ...rest] = isComplete(firstSize) ? [firstRoot, ...proof] : proof;
  if (!start || !areHashes([start])) return false;
  return walk(claim, start, rest);
}

/** Climbs both trees at once: the smaller one is made of what lies left of its edge. */
function walk(
  { firstSize, firstRoot, size, root }: Consistency,
  start: Buffer,
  proof: readonly Buffer[],
): boolean {
  let [node, last] = [firstSize - 1, size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [firstHash, hash] = [start, start];
  for (const other of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      firstHash = nodeHash(other, firstHash);
      hash = nodeHash(other, hash);
      [node, last] = climb(node, last);
    } else {
      hash = nodeHash(hash, other);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && firstHash.equals(firstRoot) && hash.equals(root);
}

/** Tells whether a tree of this size has no level with a node that lacks its sibling. */
function isComplete(size: number): boolean {
  let rest = size;
  while (rest % 2 === 0) rest /= 2;
  return rest === 1;
}

/** Skips the levels at which the right edge of a tree has no sibling. */
function climb(node: number, last: number): readonly [number, number] {
  let [at, end] = [node, last];
  while (at % 2 === 0 && at !== 0) [at, end] = [half(at), half(end)];
  return [at, end];
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(hashes: readonly Buffer[]): boolean {
  return hashes.every(({ length }) => length === HASH_BYTES);
}
