// Goal: T23. Whatever is brought as a secret is read strictly or refused with the name of its field.
// Method: keys as OpenSSL writes them in every form, changed byte by byte by seeded dice. What is
// taken all the same must be the secret itself: no form is read as another secret.
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { PublicError } from '@ramet/errors';
import { mutated, seeded } from '@ramet/test/random';
import type { Algorithm } from '../domain/algorithm.js';
import { importMaterial } from './material.js';

const ROUNDS = 300;

interface Form {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly bytes: Buffer;
  readonly key: KeyObject;
}

const FORMS: readonly Form[] = [
  ...formsOf('ed25519', generateKeyPairSync('ed25519').privateKey),
  ...formsOf('ecdsa_p256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'sec1'),
  ...formsOf(
    'ecdsa_secp256k1',
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
    'sec1',
  ),
  ...formsOf('rsa_pkcs1_sha256', rsaOf(2_048), 'pkcs1'),
];

describe('T23: a secret that is brought', () => {
  for (const { name, algorithm, bytes, key } of FORMS) {
    it(`is read from ${name} of ${algorithm}`, () => {
      const { publicKey } = importMaterial(algorithm, bytes);
      assert.deepEqual(publicKey, spkiOf(key));
      assert.deepEqual(importMaterial(algorithm, bytes, spkiOf(key)).publicKey, publicKey);
    });

    it(`is refused by its field when ${name} of ${algorithm} was changed`, () => {
      const random = seeded(0x2317);
      const whole = importMaterial(algorithm, bytes);
      for (let round = 0; round < ROUNDS; round += 1) {
        const changed = mutated(random, bytes);
        try {
          const taken = importMaterial(algorithm, changed, whole.publicKey);
          assert.deepEqual(taken.publicKey, whole.publicKey);
        } catch (thrown) {
          assert.ok(thrown instanceof PublicError, String(thrown));
          assert.match(thrown.violations[0]?.field ?? '', /^(secret|claimed_public_key)$/);
        }
      }
    });

    it(`is refused when anything stands before or after ${name} of ${algorithm}`, () => {
      for (const extra of [Buffer.from([0]), Buffer.from('x'), bytes]) {
        assert.throws(() => importMaterial(algorithm, Buffer.concat([bytes, extra])), {
          reason: 'REQUEST_INVALID',
        });
        assert.throws(() => importMaterial(algorithm, Buffer.concat([extra, bytes])), {
          reason: 'REQUEST_INVALID',
        });
      }
    });
  }

  const outOfRange: readonly (readonly [string, Algorithm, string])[] = [
    ['zero', 'ecdsa_p256', '00'.repeat(32)],
    ['zero', 'ecdsa_secp256k1', '00'.repeat(32)],
    [
      'the order of the curve',
      'ecdsa_p256',
      'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
    ],
    [
      'the order of the curve',
      'ecdsa_secp256k1',
      'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
    ],
    ['more than it', 'ecdsa_secp256k1', 'ff'.repeat(32)],
    ['33 bytes', 'ecdsa_p256', `00${'11'.repeat(32)}`],
  ];
  for (const [name, algorithm, hex] of outOfRange) {
    it(`is no private key of ${algorithm} if it is ${name}`, () => {
      assert.throws(() => importMaterial(algorithm, Buffer.from(hex, 'hex')), {
        reason: 'REQUEST_INVALID',
      });
    });
  }

  it('is not taken for another curve, or another algorithm', () => {
    for (const { algorithm, bytes } of FORMS) {
      for (const other of ['ed25519', 'ecdsa_p256', 'ecdsa_secp256k1', 'rsa_pss_sha256'] as const) {
        if (familyOf(other) === familyOf(algorithm)) continue;
        assert.throws(() => importMaterial(other, bytes), { reason: 'REQUEST_INVALID' });
      }
    }
  });

  it('is no RSA key if it is too small, or has an exponent of three', () => {
    for (const key of [rsaOf(1_024), rsaOf(2_048, 3)]) {
      const der = key.export({ type: 'pkcs8', format: 'der' });
      assert.throws(() => importMaterial('rsa_pkcs1_sha256', der), { reason: 'REQUEST_INVALID' });
    }
  });

  it('is refused with the public key of another, which T29 is about', () => {
    const [one, , , , , , other] = FORMS;
    assert.ok(one && other);
    assert.throws(() => importMaterial(one.algorithm, one.bytes, spkiOf(other.key)), {
      message: /^claimed_public_key: /,
    });
    assert.throws(() => importMaterial('hmac_sha256', Buffer.alloc(32, 1), spkiOf(other.key)), {
      message: /^claimed_public_key: /,
    });
  });
});

function formsOf(algorithm: Algorithm, key: KeyObject, own?: 'sec1' | 'pkcs1'): readonly Form[] {
  return ['pkcs8' as const, ...(own ? [own] : [])].flatMap((type) =>
    (['der', 'pem'] as const).map((format) => ({
      ...{ name: `${type} in ${format}`, algorithm, key },
      bytes: Buffer.from(key.export({ type, format } as { type: 'pkcs8'; format: 'der' })),
    })),
  );
}

function rsaOf(modulusLength: number, publicExponent = 65_537): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey;
}

function spkiOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

function familyOf(algorithm: Algorithm): string {
  return algorithm.startsWith('rsa') ? 'rsa' : algorithm;
}
