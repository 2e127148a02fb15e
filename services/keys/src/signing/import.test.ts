// Goal: T29. What is brought with a key that is not its own, or is no point of its curve, is refused
// by the name of its field, however it is written.
// Method: the public keys that Project Wycheproof has against ECDH (its file says from where), as what
// is claimed and as what stands in SEC 1 and PKCS8; scalars around zero and the order of the curve.
import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { hex, vectorsIn } from '../support/vectors.js';
import { writeValue } from './der.js';
import { type Curve, compressed, P256, pointOf, SECP256K1 } from './families/curve.js';
import { importMaterial } from './material.js';

interface Vectors {
  readonly pemOfP256: string;
  readonly groups: readonly {
    readonly algorithm: 'ecdsa_p256' | 'ecdsa_secp256k1';
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly private: string;
      readonly public: string;
    }[];
  }[];
}

const { groups, pemOfP256 } = vectorsIn<Vectors>('ec-keys.json');
const CURVES = { ecdsa_p256: P256, ecdsa_secp256k1: SECP256K1 };

describe('T29: Wycheproof, a key', () => {
  it('is taken from the PEM of its tests', () => {
    const { publicKey } = importMaterial('ecdsa_p256', Buffer.from(pemOfP256));
    assert.equal(publicKey.length, 91);
    const windows = Buffer.from(pemOfP256.replaceAll('\n', '\r\n'));
    assert.deepEqual(importMaterial('ecdsa_p256', windows).publicKey, publicKey);
  });

  for (const { algorithm, tests } of groups) {
    const curve = CURVES[algorithm];

    it(`of ${algorithm} is not taken with any of its public keys`, () => {
      for (const { tcId, comment, private: scalar, public: spki } of tests) {
        const brought = importing(algorithm, hex(scalar), hex(spki));
        assert.equal(brought, 'claimed_public_key', `test ${tcId}: ${comment}`);
        const pem = Buffer.from(pemOf('PUBLIC KEY', hex(spki)));
        assert.equal(importing(algorithm, hex(scalar), pem), 'claimed_public_key', `${tcId}`);
      }
    });

    it(`of ${algorithm} is not taken with any of its points inside`, () => {
      for (const { tcId, comment, private: scalar, public: spki } of tests) {
        // The point is the last 65 bytes, or less; what stands before it makes it odder still.
        for (const size of [33, 65, spki.length / 2]) {
          const point = hex(spki).subarray(-size);
          const told = `test ${tcId}, ${size} bytes: ${comment}`;
          assert.equal(importing(algorithm, sec1(curve, hex(scalar), point)), 'secret', told);
          assert.equal(importing(algorithm, pkcs8(curve, hex(scalar), point)), 'secret', told);
        }
      }
    });

    it(`of ${algorithm} is taken with its own point, of both coordinates or of one`, () => {
      const scalar = hex('11'.repeat(32));
      const whole = pointOf(curve, scalar);
      for (const point of [whole, compressed(whole)]) {
        assert.equal(importing(algorithm, sec1(curve, scalar, point)), undefined);
        assert.equal(importing(algorithm, pkcs8(curve, scalar, point)), undefined);
      }
      // With a hint of the parity in front, as X9.62 also has it, a point has a second spelling.
      const hybrid = Buffer.concat([Buffer.of(6 + ((whole.at(-1) ?? 0) & 1)), whole.subarray(1)]);
      assert.equal(importing(algorithm, sec1(curve, scalar, hybrid)), 'secret');
    });

    for (const [name, offset] of [
      ['zero', undefined],
      ['the order', 0n],
      ['the order and one', 1n],
    ] as const) {
      it(`of ${algorithm} is not ${name}, in any form`, () => {
        const scalar = offset === undefined ? Buffer.alloc(32) : near(curve, offset);
        const point = pointOf(curve, near(curve, -1n));
        for (const form of [scalar, sec1(curve, scalar, point), pkcs8(curve, scalar, point)]) {
          assert.equal(importing(algorithm, form), 'secret');
        }
        assert.equal(importing(algorithm, sec1(curve, scalar)), 'secret');
      });
    }

    it(`of ${algorithm} may be one, or one less than the order`, () => {
      for (const scalar of [near(curve, -1n), Buffer.concat([Buffer.alloc(31), Buffer.of(1)])]) {
        assert.equal(importing(algorithm, scalar), undefined);
      }
    });

    it(`of ${algorithm} has all of its 32 bytes, and no more, in SEC 1`, () => {
      const scalar = hex(`00${'11'.repeat(31)}`);
      assert.equal(importing(algorithm, sec1(curve, scalar)), undefined);
      assert.equal(importing(algorithm, sec1(curve, scalar.subarray(1))), 'secret');
      assert.equal(importing(algorithm, sec1(curve, hex(`00${'11'.repeat(32)}`))), 'secret');
    });
  }
});

/** The field that an import was refused for; undefined if it was not. */
function importing(
  algorithm: 'ecdsa_p256' | 'ecdsa_secp256k1',
  secret: Buffer,
  claimed?: Buffer,
): string | undefined {
  try {
    importMaterial(algorithm, secret, claimed);
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof PublicError, String(thrown));
    assert.equal(thrown.reason, 'REQUEST_INVALID');
    return thrown.violations[0]?.field;
  }
}

function near({ order }: Curve, offset: bigint): Buffer {
  const digits = (BigInt(`0x${order.toString('hex')}`) + offset).toString(16);
  return hex(digits.padStart(64, '0'));
}

function sec1({ oid }: Curve, scalar: Buffer, point?: Buffer): Buffer {
  return ecPrivateKey(scalar, writeValue(0xa0, oid), point);
}

function pkcs8({ identifier }: Curve, scalar: Buffer, point: Buffer): Buffer {
  const key = writeValue(0x04, ecPrivateKey(scalar, Buffer.alloc(0), point));
  return writeValue(0x30, hex('020100'), writeValue(0x30, identifier), key);
}

function ecPrivateKey(scalar: Buffer, named: Buffer, point: Buffer | undefined): Buffer {
  const bits = point && writeValue(0xa1, writeValue(0x03, Buffer.alloc(1), point));
  return writeValue(0x30, hex('020101'), writeValue(0x04, scalar), named, bits ?? Buffer.alloc(0));
}

function pemOf(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;
}
