// Vectors: RFC 4231 (HMAC with SHA-2), section 4; RFC 8032 (Ed25519), section 7.1.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import type { Algorithm } from '../domain/algorithm.js';
import type { ToSign } from '../domain/scheme.js';
import { importMaterial, openMaterial } from './material.js';
import { sign } from './sign.js';

interface Vector {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly secret: string;
  readonly message: string;
  readonly signature: string;
}

const TEXT = Buffer.from(
  'This is a test using a larger than block-size key and a larger than ',
).toString('hex');
const MORE = Buffer.from(
  'block-size data. The key needs to be hashed before being used by the ',
).toString('hex');
const END = Buffer.from('HMAC algorithm.').toString('hex');

const VECTORS: readonly Vector[] = [
  {
    name: 'RFC 4231, test case 1',
    algorithm: 'hmac_sha256',
    secret: '0b'.repeat(20),
    message: Buffer.from('Hi There').toString('hex'),
    signature: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    name: 'RFC 4231, test case 1',
    algorithm: 'hmac_sha512',
    secret: '0b'.repeat(20),
    message: Buffer.from('Hi There').toString('hex'),
    signature:
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde' +
      'daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  },
  {
    name: 'RFC 4231, test case 1',
    algorithm: 'hmac_sha384',
    secret: '0b'.repeat(20),
    message: Buffer.from('Hi There').toString('hex'),
    signature:
      'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c' +
      'faea9ea9076ede7f4af152e8b2fa9cb6',
  },
  {
    name: 'RFC 4231, test case 7',
    algorithm: 'hmac_sha256',
    secret: 'aa'.repeat(131),
    message: TEXT + MORE + END,
    signature: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  },
  {
    name: 'RFC 8032, test 1',
    algorithm: 'ed25519',
    secret: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    name: 'RFC 8032, test 2',
    algorithm: 'ed25519',
    secret: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
];

describe('sign', () => {
  for (const { name, algorithm, secret, message, signature } of VECTORS) {
    it(`gives the signature of ${name} for ${algorithm}`, async () => {
      // Not imported: the secret of the first case, all vertical tabs, would be refused as blank.
      const key = openMaterial(algorithm, Buffer.from(secret, 'hex'));

      const made = await sign(algorithm, key, plain(Buffer.from(message, 'hex')));

      assert.equal(made.toString('hex'), signature);
    });
  }

  it('gives an Ed25519 signature that the public key verifies', async () => {
    const seed = Buffer.alloc(32, 7);
    const { secret, publicKey } = importMaterial('ed25519', seed);
    const bytes = Buffer.from('an order');

    const made = await sign('ed25519', openMaterial('ed25519', secret), plain(bytes));

    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
    assert.ok(verify(null, bytes, key, made));
  });
});

function plain(bytes: Buffer): ToSign {
  return { bytes, hash: 'algorithm', encoding: 'plain' };
}
