import { EMPTY, grow } from '../frontier.js';
import { hashRanges } from '../prove.js';
import { consistencyRanges, inclusionRanges, type Node } from '../shape.js';

/** A tree as a database has it: leaves, and one level of every `step`. */
export function proveIn(leaves: readonly Buffer[], step = 1) {
  const stored = new Map<string, Buffer>();
  for (const [index, hash] of leaves.entries()) stored.set(`0/${index}`, hash);
  for (const { height, index, hash } of grow(EMPTY, leaves).nodes) {
    if (height % step === 0) stored.set(`${height}/${index}`, hash);
  }
  let reads = 0;
  const read = async (nodes: readonly Node[]): Promise<readonly Buffer[]> => {
    reads += nodes.length;
    return nodes.map(({ height, index }) => {
      const hash = stored.get(`${height}/${index}`);
      if (!hash) throw new Error(`not stored: ${height}/${index}`);
      return hash;
    });
  };
  return {
    inclusion: (index: number, size: number) =>
      hashRanges(inclusionRanges(index, size), step, read),
    consistency: (first: number, size: number) =>
      hashRanges(consistencyRanges(first, size), step, read),
    reads: () => reads,
  };
}
