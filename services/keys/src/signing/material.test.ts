import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { PublicError } from '@ramet/errors';
import { systemIds } from '@ramet/service';
import { ALGORITHMS, type Algorithm } from '../domain/algorithm.js';
import { generateMaterial, importMaterial } from './material.js';

const { privateKey } = generateKeyPairSync('ed25519');
const DER = privateKey.export({ type: 'pkcs8', format: 'der' });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const SPKI = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });

const REFUSED: readonly (readonly [string, Algorithm, Buffer])[] = [
  ['an empty secret', 'hmac_sha256', Buffer.alloc(0)],
  ['blanks alone', 'hmac_sha256', Buffer.from(' \n\t'.repeat(10))],
  ['15 bytes', 'hmac_sha256', Buffer.alloc(15, 1)],
  ['1025 bytes', 'hmac_sha512', Buffer.alloc(1_025, 1)],
  ['31 bytes', 'ed25519', Buffer.alloc(31, 1)],
  ['33 bytes', 'ed25519', Buffer.alloc(33, 1)],
  ['the 64 bytes of seed and public key', 'ed25519', Buffer.alloc(64, 1)],
  ['DER with a byte after its end', 'ed25519', Buffer.concat([DER, Buffer.from([0])])],
  ['DER that is cut short', 'ed25519', DER.subarray(0, -1)],
  ['DER of another algorithm', 'ed25519', otherAlgorithm()],
  ['PEM with text after it', 'ed25519', Buffer.from(`${PEM}x`)],
  ['PEM with text before it', 'ed25519', Buffer.from(`x${PEM}`)],
  ['PEM of a public key', 'ed25519', Buffer.from(PEM.replaceAll('PRIVATE', 'PUBLIC'))],
  ['PEM with a character that is not base64', 'ed25519', Buffer.from(PEM.replace('MC4', 'MC!'))],
  ['two PEM blocks', 'ed25519', Buffer.from(PEM + PEM)],
  ['hex', 'ed25519', Buffer.from('00'.repeat(32))],
];

describe('importMaterial', () => {
  for (const [name, algorithm, secret] of REFUSED) {
    it(`refuses ${name} for ${algorithm}, naming the field and nothing of the secret`, () => {
      assert.throws(
        () => importMaterial(algorithm, secret),
        (thrown) => {
          assert.ok(thrown instanceof PublicError);
          assert.deepEqual(
            thrown.violations.map(({ field }) => field),
            ['secret'],
          );
          return secret.length < 4 || !JSON.stringify(thrown).includes(secret.toString());
        },
      );
    });
  }

  for (const [name, secret] of [
    ['the seed', DER.subarray(-32)],
    ['DER', DER],
    ['PEM', Buffer.from(PEM)],
    ['PEM with the line ends of Windows', Buffer.from(PEM.replaceAll('\n', '\r\n'))],
    ['PEM without a line end', Buffer.from(PEM.trim())],
  ] as const) {
    it(`takes an Ed25519 key as ${name}`, () => {
      assert.deepEqual(importMaterial('ed25519', secret).publicKey, SPKI);
    });
  }

  it('takes any bytes for an HMAC', () => {
    for (const bytes of [Buffer.alloc(16, 0), Buffer.alloc(1_024, 0xff)]) {
      assert.deepEqual(importMaterial('hmac_sha256', bytes).secret, bytes);
    }
  });
});

describe('generateMaterial', () => {
  for (const algorithm of Object.keys(ALGORITHMS) as readonly Algorithm[]) {
    it(`makes another secret each time for ${algorithm}, which can be brought again`, async () => {
      const options = { ids: systemIds, rsaBits: 2_048 };
      const one = await generateMaterial(algorithm, options);
      const other = await generateMaterial(algorithm, options);

      assert.notDeepEqual(one.secret, other.secret);
      assert.deepEqual(importMaterial(algorithm, one.secret, one.publicKey), one);
    });
  }
});

/** PKCS8 that says X25519 where it should say Ed25519. */
function otherAlgorithm(): Buffer {
  const der = Buffer.from(DER);
  const oid = der.indexOf(Buffer.from('2b6570', 'hex'));
  der[oid + 2] = 0x6e;
  return der;
}
