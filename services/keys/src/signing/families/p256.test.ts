// Goal: T20, T24. Digests are signed over P-256 as RFC 6979 has it, and the key is never in a number
// that cannot be zeroed. The RFC's own vectors are in ecdsa.test.ts.
// Method: noble is the oracle, over seeded keys and digests and over those at the edges of the order.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { difference, P256 } from './curve.js';
import { OrderArithmetic } from './order-arithmetic.js';
import { P256_SIGNER } from './p256.js';

const ORACLE = { prehash: false, lowS: true, format: 'recovered' } as const;
const ROUNDS = 200;

const number = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const ORDER = BigInt(`0x${P256.order.toString('hex')}`);
const seeded = (text: string): Buffer => createHash('sha256').update(text).digest();

const EDGES = [1n, 2n, 0x7fffn, 0x8000n, 2n ** 128n, ORDER / 2n, ORDER - 2n, ORDER - 1n];
const DIGESTS = [0n, 1n, ORDER - 1n, ORDER, ORDER + 1n, 2n ** 256n - 1n];

describe('signing over P-256', () => {
  it('is what another library makes of the same key and digest', () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      assertSame(seeded(`digest ${round}`), seeded(`scalar ${round}`));
    }
  });

  it('is so for keys and digests at the edges of the order', () => {
    for (const scalar of EDGES) {
      for (const digest of DIGESTS) assertSame(number(digest), number(scalar));
    }
  });

  it('leaves what it was given as it was, and makes no bigint of it', () => {
    const [digest, scalar] = [seeded('digest'), seeded('scalar')];
    const { BigInt: kept } = globalThis;
    try {
      globalThis.BigInt = (() => assert.fail('a bigint was made')) as unknown as typeof BigInt;
      P256_SIGNER.sign(digest, scalar);
    } finally {
      globalThis.BigInt = kept;
    }
    assert.deepEqual([digest, scalar], [seeded('digest'), seeded('scalar')]);
  });
});

describe('calculating modulo an order', () => {
  const arithmetic = new OrderArithmetic(P256.order);

  it('is what numbers of any size make of it', () => {
    for (const value of EDGES) {
      for (const other of EDGES) {
        const of = { addend: number(other), one: number(value), other: number(other) };
        const divisor = number((value * other + 1n) % ORDER || 1n);
        const quotient = BigInt(`0x${arithmetic.quotient({ ...of, divisor }).toString('hex')}`);
        const left = (quotient * BigInt(`0x${divisor.toString('hex')}`)) % ORDER;
        assert.equal(left, (other + value * other) % ORDER);
      }
    }
  });

  it('takes a smaller number off a larger one, whatever is borrowed', () => {
    assert.deepEqual(difference(number(2n ** 255n), number(1n)), number(2n ** 255n - 1n));
    assert.deepEqual(difference(P256.order, P256.order), number(0n));
  });
});

function assertSame(digest: Buffer, scalar: Buffer): void {
  const { compact, recoveryId } = P256_SIGNER.sign(digest, scalar);
  const [recovery, ...rest] = p256.sign(digest, scalar, ORACLE);
  assert.deepEqual(compact, Buffer.from(rest));
  assert.equal(recoveryId, recovery);
}
