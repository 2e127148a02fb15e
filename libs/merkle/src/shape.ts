/** A complete subtree: the leaves from `index * 2 ** height` on, `2 ** height` of them. */
export interface Node {
  readonly height: number;
  readonly index: number;
}

/** The leaves from `begin` up to, and without, `end`: a subtree that need not be complete. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/**
 * The subtrees that prove that a leaf is in a tree, from the leaf to the root (RFC 9162, section
 * 2.1.3.1).
 */
export function inclusionRanges(index: number, size: number): readonly Range[] {
  requireInside(index, size);
  const ranges: Range[] = [];
  let range: Range = { begin: 0, end: size };
  while (range.end - range.begin > 1) {
    const middle = middleOf(range);
    const [left, right] = [
      { ...range, end: middle },
      { ...range, begin: middle },
    ];
    ranges.unshift(index < middle ? right : left);
    range = index < middle ? left : right;
  }
  return ranges;
}

/** The subtrees that prove that a tree has grown from a smaller one (RFC 9162, section 2.1.4.1). */
export function consistencyRanges(first: number, size: number): readonly Range[] {
  if (first === 0 || first === size) return [];
  requireInside(first, size);
  const ranges: Range[] = [];
  let range: Range = { begin: 0, end: size };
  while (range.end !== first) {
    const middle = middleOf(range);
    const [left, right] = [
      { ...range, end: middle },
      { ...range, begin: middle },
    ];
    ranges.unshift(first <= middle ? right : left);
    range = first <= middle ? left : right;
  }
  // The smaller tree itself is known to whoever asks.
  return range.begin === 0 ? ranges : [range, ...ranges];
}

/** The complete subtrees of a subtree, from left to right and from the highest to the lowest. */
export function nodesOf({ begin, end }: Range): readonly Node[] {
  const nodes: Node[] = [];
  for (let first = begin; first < end; ) {
    const height = Math.floor(Math.log2(end - first));
    nodes.push({ height, index: first / 2 ** height });
    first += 2 ** height;
  }
  return nodes;
}

/** The subtrees of one height that a complete subtree consists of. */
export function descendants({ height, index }: Node, below: number): readonly Node[] {
  const count = 2 ** (height - below);
  return Array.from({ length: count }, (_, nth) => ({ height: below, index: index * count + nth }));
}

/** Where the halves of a subtree meet: its left one is complete, and as large as can be. */
function middleOf({ begin, end }: Range): number {
  return begin + 2 ** (Math.ceil(Math.log2(end - begin)) - 1);
}

function requireInside(index: number, size: number): void {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && 0 <= index && index < size)) {
    throw new RangeError(`not within a tree of ${size}: ${index}`);
  }
}
