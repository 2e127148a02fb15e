import assert from 'node:assert/strict';
import type { HistoryRow } from './history.js';
import { createRing } from './ring.js';

describe('createRing', () => {
  it('answers for nothing before it has begun, nor for what it does not hold', () => {
    const ring = createRing();
    assert.equal(ring.after(0n, 10), undefined);
    ring.push(5n, []);
    assert.equal(ring.after(4n, 10), undefined);
    assert.deepEqual(ring.after(5n, 10), []);
  });

  it('gives what comes after a position, also where positions are missing', () => {
    const ring = createRing();
    ring.push(
      0n,
      [1n, 2n, 5n, 9n].map((position) => row(position)),
    );
    assert.deepEqual(positions(ring.after(2n, 10)), [5n, 9n]);
    assert.deepEqual(positions(ring.after(3n, 10)), [5n, 9n]);
    assert.deepEqual(positions(ring.after(0n, 2)), [1n, 2n]);
    assert.deepEqual(positions(ring.after(9n, 10)), []);
  });

  it('passes over what it holds, and begins anew where it would have a gap', () => {
    const ring = createRing();
    ring.push(0n, [row(1n), row(2n)]);
    ring.push(1n, [row(2n), row(3n)]);
    ring.push(0n, [row(1n)]);
    ring.push(2n, []);
    assert.deepEqual(positions(ring.after(0n, 10)), [1n, 2n, 3n]);
    ring.push(7n, [row(8n)]);
    assert.deepEqual(positions(ring.after(7n, 10)), [8n]);
    assert.equal(ring.after(3n, 10), undefined);
    ring.push(3n, [row(4n), row(5n), row(6n), row(7n)]);
    assert.deepEqual([ring.floor, ring.last], [7n, 8n]);
  });

  it('lets go of the oldest rows, by number and by size', () => {
    const few = createRing(3, 1_000);
    few.push(
      0n,
      [1n, 2n, 3n, 4n].map((position) => row(position)),
    );
    assert.equal(few.after(0n, 10), undefined);
    assert.deepEqual(positions(few.after(1n, 10)), [2n, 3n, 4n]);

    const small = createRing(100, 100);
    for (const position of [1n, 2n, 3n]) small.push(position - 1n, [row(position, 40)]);
    assert.deepEqual([small.floor, small.last], [1n, 3n]);
    small.push(3n, [row(4n, 500)]);
    assert.deepEqual([small.floor, small.last], [4n, 4n]);
  });
});

function row(position: bigint, size = 1): HistoryRow {
  return {
    position,
    aggregate: 'ram_1',
    seq: Number(position),
    kind: 'ramet.grown',
    actor: 'user:usr_1',
    cause: '',
    payload: Buffer.alloc(size),
    prevHash: Buffer.alloc(0),
    hash: Buffer.alloc(32),
    at: new Date(0),
    trace: '',
  };
}

function positions(rows: readonly HistoryRow[] | undefined): readonly bigint[] | undefined {
  return rows?.map(({ position }) => position);
}
