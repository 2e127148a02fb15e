// Goal: whatever size a tree has, its root is that of the definition, all proofs hold, and nothing
// else does.
// Method: every tree of up to 66 leaves against the recursive definition of RFC 9162, and seeded
// random larger ones; every proof is also tried with each of its parts changed.
import assert from 'node:assert/strict';
import { EMPTY, grow, rootOf } from './frontier.js';
import { EMPTY_ROOT, leafHash, nodeHash } from './hash.js';
import { inclusionRanges } from './shape.js';
import { proveIn } from './support/stored-tree.js';
import { type Consistency, type Inclusion, verifyConsistency, verifyInclusion } from './verify.js';

const MANY = 66;
const LEAVES = Array.from({ length: 1_100 }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)));
const ROOTS = new Map<number, Buffer>();

describe('a tree', () => {
  it('has the root of the definition, however it has grown', () => {
    for (let size = 0; size <= MANY; size += 1) {
      const cut = Math.floor(size / 3);
      const first = grow(EMPTY, LEAVES.slice(0, cut)).frontier;
      assert.deepEqual(rootOf(grow(first, LEAVES.slice(cut, size)).frontier), rootAt(size));
    }
  });

  it('refuses to grow from an edge that is not of its size', () => {
    assert.throws(() => grow({ size: 3, peaks: [] }, LEAVES.slice(0, 1)), RangeError);
  });

  for (const step of [1, 4, 8]) {
    it(`proves each leaf in each size, with each level of ${step} stored`, async () => {
      const tree = proveIn(LEAVES.slice(0, MANY), step);
      for (let size = 1; size <= MANY; size += 1) {
        for (let index = 0; index < size; index += 1) {
          const proof = await tree.inclusion(index, size);
          assert.ok(verifyInclusion(inclusionOf(index, size, proof)), `${index} in ${size}`);
        }
      }
    });

    it(`proves each size to have grown from each, with each level of ${step} stored`, async () => {
      const tree = proveIn(LEAVES.slice(0, MANY), step);
      for (let size = 0; size <= MANY; size += 1) {
        for (let first = 0; first <= size; first += 1) {
          const proof = await tree.consistency(first, size);
          assert.ok(verifyConsistency(consistencyOf(first, size, proof)), `${first} to ${size}`);
        }
      }
    });
  }

  it('reads no more for a proof than its logarithm', async () => {
    for (const size of [100, 1_000, 1_100]) {
      const tree = proveIn(LEAVES, 4);
      await tree.inclusion(size - 1, size);
      await tree.inclusion(0, size);
      assert.ok(tree.reads() <= 2 * 8 * 2 * Math.ceil(Math.log2(size)), `${tree.reads()} hashes`);
    }
  });

  it('has no proof for what is not in it', () => {
    for (const [index, size] of [
      [0, 0],
      [3, 3],
      [-1, 3],
      [0.5, 3],
      [Number.NaN, 3],
    ] as const) {
      assert.throws(() => inclusionRanges(index, size), RangeError);
    }
  });
});

describe('a proof of inclusion', () => {
  it('holds for nothing but what it was made for', async () => {
    const next = seeded(7);
    const tree = proveIn(LEAVES, 4);
    for (let round = 0; round < 60; round += 1) {
      const size = 2 + next(1_000);
      const index = next(size);
      const good = inclusionOf(index, size, await tree.inclusion(index, size));
      assert.ok(verifyInclusion(good));
      for (const [what, bad] of spoiled(good)) {
        assert.equal(verifyInclusion(bad), false, `${index} in ${size}: ${what}`);
      }
    }
  });
});

describe('a proof of consistency', () => {
  it('holds for nothing but what it was made for', async () => {
    const next = seeded(11);
    const tree = proveIn(LEAVES, 4);
    for (let round = 0; round < 60; round += 1) {
      const size = 3 + next(1_000);
      const first = 1 + next(size - 2);
      const good = consistencyOf(first, size, await tree.consistency(first, size));
      assert.ok(verifyConsistency(good));
      for (const [what, bad] of spoiledGrowth(good)) {
        assert.equal(verifyConsistency(bad), false, `${first} to ${size}: ${what}`);
      }
    }
  });

  it('does not hold for a tree that was cut, or for another one', async () => {
    const other = [...LEAVES.slice(0, 5), leafHash(Buffer.from('another')), ...LEAVES.slice(6, 20)];
    const proof = await proveIn(other).consistency(8, 20);
    const root = rootOf(grow(EMPTY, other).frontier);

    assert.equal(verifyConsistency({ ...consistencyOf(8, 20, proof), root }), false);
    assert.equal(verifyConsistency({ ...consistencyOf(8, 20, proof), size: 7 }), false);
  });
});

type Spoiled<Claim> = readonly (readonly [string, Claim])[];

function spoiled(good: Inclusion): Spoiled<Inclusion> {
  return [
    ['another leaf', { ...good, leaf: flipped(good.leaf) }],
    ['a short leaf', { ...good, leaf: good.leaf.subarray(1) }],
    ['another root', { ...good, root: flipped(good.root) }],
    ['the index before', { ...good, index: good.index - 1 }],
    ['the index after', { ...good, index: good.index + 1 }],
    ['no index', { ...good, index: Number.NaN }],
    ...proofsSpoiled(good.proof).map(([what, proof]) => [what, { ...good, proof }] as const),
  ];
}

function spoiledGrowth(good: Consistency): Spoiled<Consistency> {
  return [
    ['another first root', { ...good, firstRoot: flipped(good.firstRoot) }],
    ['another root', { ...good, root: flipped(good.root) }],
    ['roots swapped', { ...good, root: good.firstRoot, firstRoot: good.root }],
    [
      'from one less',
      { ...good, firstSize: good.firstSize - 1, firstRoot: rootAt(good.firstSize) },
    ],
    ['from one more', { ...good, firstSize: good.firstSize + 1 }],
    ['backwards', { ...good, size: good.firstSize, firstSize: good.size }],
    ...proofsSpoiled(good.proof).map(([what, proof]) => [what, { ...good, proof }] as const),
  ];
}

function proofsSpoiled(
  proof: readonly Buffer[],
): readonly (readonly [string, readonly Buffer[]])[] {
  return [
    ['one hash less', proof.slice(1)],
    ['cut', proof.slice(0, -1)],
    ['one hash more', [...proof, EMPTY_ROOT]],
    ['one hash before', [EMPTY_ROOT, ...proof]],
    ...proof.map((hash, nth) => [`hash ${nth} changed`, proof.with(nth, flipped(hash))] as const),
    ...proof.map((hash, nth) => [`hash ${nth} cut`, proof.with(nth, hash.subarray(1))] as const),
  ];
}

function inclusionOf(index: number, size: number, proof: readonly Buffer[]): Inclusion {
  return { leaf: LEAVES[index] ?? EMPTY_ROOT, index, size, root: rootAt(size), proof };
}

function consistencyOf(firstSize: number, size: number, proof: readonly Buffer[]): Consistency {
  return { firstSize, firstRoot: rootAt(firstSize), size, root: rootAt(size), proof };
}

function rootAt(size: number): Buffer {
  const known = ROOTS.get(size) ?? naiveRoot(LEAVES.slice(0, size));
  ROOTS.set(size, known);
  return known;
}

/** The root as RFC 9162, section 2.1.1, defines it. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (!only) return EMPTY_ROOT;
  if (leaves.length === 1) return only;
  let middle = 1;
  while (middle * 2 < leaves.length) middle *= 2;
  return nodeHash(naiveRoot(leaves.slice(0, middle)), naiveRoot(leaves.slice(middle)));
}

function flipped(hash: Buffer): Buffer {
  const other = Buffer.from(hash);
  other[0] = (other[0] ?? 0) ^ 8;
  return other;
}

function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
