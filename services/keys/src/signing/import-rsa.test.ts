// Goal: of an RSA key that is brought no part is false, or so long that every signature takes seconds.
// Method: a sound key with one part changed. OpenSSL reads most of them, and signs with them: with the
// exponent where the primes do not fit, with the primes where the exponent does not.
import assert from 'node:assert/strict';
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { PublicError } from '@ramet/errors';
import { hex } from '../support/vectors.js';
import { writeInteger, writeValue } from './der.js';
import { importMaterial } from './material.js';

const NAMES = ['version', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;
type Numbers = Record<(typeof NAMES)[number], bigint>;

const SOUND = numbersOf(
  generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ format: 'jwk' }),
);
const { n, e, d, p, q, dp, dq, qi } = SOUND;
const HUGE = (1n << 25_000n) + 1n;

const FALSE: readonly (readonly [string, Partial<Numbers>])[] = [
  ['of more than two primes', { version: 1n }],
  ['with another modulus', { n: n + 2n }],
  ['with an even modulus', { n: n + 1n }],
  ['with no modulus', { n: 0n }],
  ['with another public exponent', { e: e + 2n }],
  ['with an even public exponent', { e: e + 1n }],
  ['with a public exponent of one', { e: 1n }],
  ['with a public exponent above the modulus', { e: n + 2n }],
  ['with a huge public exponent', { e: HUGE }],
  ['with another private exponent', { d: d + 2n }],
  ['with a private exponent of zero', { d: 0n }],
  ['with a private exponent of one', { d: 1n }],
  ['with a huge private exponent', { d: HUGE }],
  ['with its primes swapped', { p: q, q: p }],
  ['with one prime for both', { q: p }],
  ['with one and the modulus for primes', { p: 1n, q: n, dp: 1n, dq: d, qi: 1n }],
  ['with no primes', { p: 0n, q: 0n, dp: 0n, dq: 0n, qi: 0n }],
  ['with a huge prime', { p: HUGE }],
  ['with another first short exponent', { dp: dp + 2n }],
  ['with another second short exponent', { dq: dq + 2n }],
  ['with a huge short exponent', { dq: HUGE }],
  ['with another coefficient', { qi: qi + 1n }],
  ['with a coefficient of zero', { qi: 0n }],
];

describe('an RSA key that is brought', () => {
  it('is taken when it is sound, as PKCS #1 and as PKCS8', () => {
    const { secret, publicKey } = importMaterial('rsa_pkcs1_sha256', pkcs1({}));
    assert.deepEqual(secret, pkcs1({}));
    assert.deepEqual(importMaterial('rsa_pss_sha256', pkcs8(pkcs1({}))).publicKey, publicKey);
  });

  for (const [name, change] of FALSE) {
    it(`is refused ${name}`, () => {
      for (const der of [pkcs1(change), pkcs8(pkcs1(change))]) {
        assert.throws(
          () => importMaterial('rsa_pkcs1_sha256', der),
          (thrown) => {
            assert.ok(thrown instanceof PublicError, String(thrown));
            return thrown.violations[0]?.field === 'secret';
          },
        );
      }
    });
  }

  it('is refused with other parameters, or for another scheme of RSA, in its identifier', () => {
    for (const identifier of [
      '06092a864886f70d010101',
      '06092a864886f70d0101010502',
      '06092a864886f70d01010a0500',
      '06092a864886f70d0101010500a000',
    ]) {
      const der = pkcs8(pkcs1({}), identifier);
      assert.throws(() => importMaterial('rsa_pss_sha256', der), { reason: 'REQUEST_INVALID' });
    }
  });
});

function pkcs1(change: Partial<Numbers>): Buffer {
  const numbers = { ...SOUND, ...change };
  return writeValue(0x30, ...NAMES.map((name) => writeInteger(bytesOf(numbers[name]))));
}

function pkcs8(key: Buffer, identifier = '06092a864886f70d0101010500'): Buffer {
  const algorithm = writeValue(0x30, hex(identifier));
  return writeValue(0x30, hex('020100'), algorithm, writeValue(0x04, key));
}

function bytesOf(number: bigint): Buffer {
  const digits = number.toString(16);
  return hex(digits.padStart(digits.length + (digits.length % 2), '0'));
}

function numbersOf(jwk: JsonWebKey): Numbers {
  const read = (text = '') => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`);
  const parts = NAMES.map((name) => [name, name === 'version' ? 0n : read(jwk[name])]);
  return Object.fromEntries(parts) as Numbers;
}
