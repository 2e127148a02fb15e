import { joinHashes } from './hash.js';
import { descendants, type Node, nodesOf, type Range } from './shape.js';

/** Reads the hashes of complete subtrees, in their order. */
export type ReadNodes = (nodes: readonly Node[]) => Promise<readonly Buffer[]>;

/**
 * The hashes of subtrees, of which each height that `step` divides is stored: the leaves, and the
 * subtrees of so many levels above them.
 *
 * Everything is read at once: for each subtree `2 ** (step - 1)` hashes for each of its 1 bits at
 * most.
 */
export async function hashRanges(
  ranges: readonly Range[],
  step: number,
  read: ReadNodes,
): Promise<readonly Buffer[]> {
  const parts = ranges.map((range) =>
    nodesOf(range).map((node) => descendants(node, node.height - (node.height % step))),
  );
  const hashes = [...(await read(parts.flat(2)))];
  return parts.map((nodes) =>
    joinHashes(nodes.map((stored) => joinComplete(hashes.splice(0, stored.length)))),
  );
}

/** The hash over subtrees of one height that make a complete one. */
function joinComplete(hashes: readonly Buffer[]): Buffer {
  if (hashes.length <= 1) return joinHashes(hashes);
  const half = hashes.length / 2;
  return joinHashes([joinComplete(hashes.slice(0, half)), joinComplete(hashes.slice(half))]);
}
