import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type Link, NO_HISTORY, nextLink, verifyChain } from './chain.js';

describe('nextLink', () => {
  it('hashes the previous hash, the id, the seq and the digest of the payload', () => {
    const payload = Buffer.from('grown');
    const content = createHash('sha256').update(payload).digest();
    const first = nextLink(NO_HISTORY, 'ram_1', payload);
    const text = Buffer.concat([Buffer.from('ram_1'), Buffer.from([0, 0, 0, 1]), content]);
    assert.deepEqual(first, { seq: 1, hash: createHash('sha256').update(text).digest() });

    const second = nextLink(first, 'ram_1', payload);
    const more = Buffer.concat([
      first.hash,
      Buffer.from('ram_1'),
      Buffer.from([0, 0, 0, 2]),
      content,
    ]);
    assert.deepEqual(second, { seq: 2, hash: createHash('sha256').update(more).digest() });
  });
});

describe('verifyChain', () => {
  it('accepts a chain, whole or without its beginning', () => {
    const rows = chain(5);
    assert.equal(verifyChain(rows), undefined);
    assert.equal(verifyChain(rows.slice(2)), undefined);
    assert.equal(verifyChain([]), undefined);
  });

  it('finds a row that was altered', () => {
    const rows = chain(5);
    const altered = rows.with(2, { ...at(rows, 2), payload: Buffer.from('other') });
    assert.equal(verifyChain(altered)?.seq, 3);
  });

  it('finds the row after one that was taken out', () => {
    const rows = chain(5);
    assert.equal(verifyChain(rows.toSpliced(2, 1))?.seq, 4);
  });

  it('finds a row of another aggregate', () => {
    const rows = chain(3);
    assert.equal(verifyChain(rows.with(1, { ...at(rows, 1), aggregate: 'ram_2' }))?.seq, 2);
  });
});

function chain(length: number): Link[] {
  let head = NO_HISTORY;
  return Array.from({ length }, (_, index) => {
    const payload = Buffer.from(`payload ${index}`);
    const next = nextLink(head, 'ram_1', payload);
    const row = { aggregate: 'ram_1', payload, prevHash: head.hash, ...next };
    head = next;
    return row;
  });
}

function at(rows: readonly Link[], index: number): Link {
  const row = rows[index];
  assert.ok(row);
  return row;
}
