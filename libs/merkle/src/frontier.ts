import { joinHashes, nodeHash } from './hash.js';
import type { Node } from './shape.js';

/** The right edge of a tree: all that is needed to add leaves to it. */
export interface Frontier {
  readonly size: number;
  /** The hashes of its complete subtrees, from left to right: one for each 1 bit of the size. */
  readonly peaks: readonly Buffer[];
}

/** A complete subtree, with its hash. */
export interface HashedNode extends Node {
  readonly hash: Buffer;
}

/** What leaves have made of a tree. */
export interface Grown {
  readonly frontier: Frontier;
  /** The subtrees that are complete now and were not before, leaves not among them. */
  readonly nodes: readonly HashedNode[];
}

/** The edge of a tree without leaves. */
export const EMPTY: Frontier = { size: 0, peaks: [] };

/** Adds leaves, given by their hashes, to the right of a tree. */
export function grow({ size, peaks }: Frontier, leaves: readonly Buffer[]): Grown {
  const edge = [...peaks];
  const nodes: HashedNode[] = [];
  for (const [nth, leaf] of leaves.entries()) {
    let hash = leaf;
    // As when counting: each 1 bit at the end carries over into the next height.
    let index = size + nth;
    for (let height = 1; index % 2 === 1; height += 1) {
      const left = edge.pop();
      if (!left) throw new RangeError(`a tree of ${size} has more peaks than it was given`);
      hash = nodeHash(left, hash);
      index = (index - 1) / 2;
      nodes.push({ height, index, hash });
    }
    edge.push(hash);
  }
  return { frontier: { size: size + leaves.length, peaks: edge }, nodes };
}

/** The root hash of a tree. */
export function rootOf({ peaks }: Frontier): Buffer {
  return joinHashes(peaks);
}
