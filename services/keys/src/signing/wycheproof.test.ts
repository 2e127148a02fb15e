// Goal: what Project Wycheproof knows to go wrong with signatures does not. Source, date and licence
// of the vectors stand in the files that they are read from.
// Method: what signs deterministically must give the published signature. What a signature is
// verified with before it leaves (OpenSSL, noble, libsecp256k1) must tell good ones from bad ones.
import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Algorithm } from '../domain/algorithm.js';
import { hex, type SignatureVector, vectorsIn } from '../support/vectors.js';
import { P256 } from './families/curve.js';
import { P256_SIGNER } from './families/p256.js';
import { SECP256K1_SIGNER } from './families/secp256k1.js';
import { importMaterial, openMaterial } from './material.js';
import { sign } from './sign.js';

interface RsaVectors {
  readonly keys: readonly {
    readonly bits: number;
    readonly pkcs8: string;
    readonly spki: string;
    readonly pkcs1: readonly Omit<SignatureVector, 'comment' | 'result'>[];
  }[];
  readonly refusedKeys: readonly { readonly comment: string; readonly pkcs8: string }[];
  readonly pssOf2048: readonly SignatureVector[];
  readonly pkcs1Of2048: readonly SignatureVector[];
}

type OfKey = SignatureVector & { readonly spki: string };

const RSA = vectorsIn<RsaVectors>('rsa.json');
const ECDSA = vectorsIn<{
  readonly groups: readonly { readonly algorithm: Algorithm; readonly tests: readonly OfKey[] }[];
}>('ecdsa.json');
const ED25519 = vectorsIn<{ readonly tests: readonly OfKey[] }>('ed25519.json');

const PLAIN = { hash: 'algorithm', encoding: 'plain' } as const;
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };

describe('Wycheproof, RSA', () => {
  for (const { bits, pkcs8, spki, pkcs1 } of RSA.keys) {
    it(`gives the PKCS #1 signatures of a key of ${bits} bits`, async () => {
      const { secret, publicKey } = importMaterial('rsa_pkcs1_sha256', hex(pkcs8), hex(spki));
      assert.equal(publicKey.toString('hex'), spki);
      const key = openMaterial('rsa_pkcs1_sha256', secret);

      for (const { tcId, msg, sig } of pkcs1) {
        const made = await sign('rsa_pkcs1_sha256', key, { ...PLAIN, bytes: hex(msg) });
        assert.equal(made.toString('hex'), sig, `test ${tcId}`);
        const bytes = createHash('sha256').update(hex(msg)).digest();
        const ofDigest = await sign('rsa_pkcs1_sha256', key, { ...PLAIN, hash: 'none', bytes });
        assert.equal(ofDigest.toString('hex'), sig, `test ${tcId} as a digest`);
      }
    });

    it(`signs with PSS, and never the same twice, with a key of ${bits} bits`, async () => {
      const { secret } = importMaterial('rsa_pss_sha256', hex(pkcs8));
      const toSign = { ...PLAIN, bytes: Buffer.from('an order') };
      const key = openMaterial('rsa_pss_sha256', secret);
      const made = await Promise.all([1, 2].map(() => sign('rsa_pss_sha256', key, toSign)));

      assert.ok(made.every((each) => verify('sha256', toSign.bytes, padded(spki, PSS), each)));
      assert.notDeepEqual(made[0], made[1]);
    });
  }

  it('takes no key with an exponent of three', () => {
    for (const { comment, pkcs8 } of RSA.refusedKeys) {
      for (const algorithm of ['rsa_pkcs1_sha256', 'rsa_pss_sha256'] as const) {
        assert.throws(() => importMaterial(algorithm, hex(pkcs8)), /^\S*.*secret: /, comment);
      }
    }
  });

  for (const [name, vectors, padding] of [
    ['PSS', RSA.pssOf2048, PSS],
    ['PKCS #1', RSA.pkcs1Of2048, { padding: constants.RSA_PKCS1_PADDING }],
  ] as const) {
    it(`${name}: tells good signatures from bad ones`, () => {
      const key = padded(RSA.keys[0]?.spki ?? '', padding);
      judge(vectors, ({ msg, sig }) => verify('sha256', hex(msg), key, hex(sig)));
    });
  }
});

describe('Wycheproof, ECDSA', () => {
  for (const { algorithm, tests } of ECDSA.groups) {
    it(`${algorithm}: OpenSSL tells good signatures from bad ones`, () => {
      judge(tests, ({ spki, msg, sig }) => {
        const key = { key: publicKeyOf(spki), dsaEncoding: 'ieee-p1363' } as const;
        return verify('sha256', hex(msg), key, hex(sig));
      });
    });

    it(`${algorithm}: what verifies our own takes no bad one`, () => {
      for (const test of tests) {
        // P-256 is checked for its lower S once more; libsecp256k1 makes no other.
        const isWanted = test.result === 'valid';
        const isHigh = isWanted && algorithm === 'ecdsa_p256' && !isLow(test.sig.slice(64));
        const wanted = isWanted && !isHigh;
        assert.equal(verifiesAsOurs(algorithm, test), wanted, `test ${test.tcId} ${test.comment}`);
      }
    });
  }
});

describe('Wycheproof, Ed25519', () => {
  it('tells good signatures from bad ones', () => {
    judge(ED25519.tests, ({ spki, msg, sig }) =>
      verify(null, hex(msg), publicKeyOf(spki), hex(sig)),
    );
  });
});

function judge<Vector extends SignatureVector>(
  vectors: readonly Vector[],
  isGood: (vector: Vector) => boolean,
): void {
  assert.ok(vectors.some(({ result }) => result === 'valid'));
  assert.ok(vectors.some(({ result }) => result === 'invalid'));
  for (const vector of vectors) {
    const { tcId, comment, result } = vector;
    assert.equal(isGood(vector), result === 'valid', `test ${tcId}: ${comment}`);
  }
}

/** Which of the points a signature is of is not in the vectors: that of secp256k1 tries all. */
function verifiesAsOurs(algorithm: Algorithm, { spki, msg, sig }: OfKey): boolean {
  const compact = hex(sig);
  const digest = createHash('sha256').update(hex(msg)).digest();
  const publicKey = publicKeyOf(spki);
  const key = { secret: publicKey, publicKey, point: hex(spki).subarray(-65) };
  const { verify: isOurs } = algorithm === 'ecdsa_p256' ? P256_SIGNER : SECP256K1_SIGNER;
  return ([0, 1, 2, 3] as const).some((recoveryId) => {
    try {
      // Without the message, as for a digest: OpenSSL alone, above, minds no higher S.
      return isOurs({ compact, recoveryId }, { digest, message: undefined }, key);
    } catch {
      return false;
    }
  });
}

function isLow(s: string): boolean {
  return BigInt(`0x${s}`) <= BigInt(`0x${P256.order.toString('hex')}`) / 2n;
}

function padded(spki: string, padding: object) {
  return { key: publicKeyOf(spki), ...padding };
}

function publicKeyOf(spki: string): KeyObject {
  return createPublicKey({ key: hex(spki), format: 'der', type: 'spki' });
}
