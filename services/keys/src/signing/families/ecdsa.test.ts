// Vectors: RFC 6979 (deterministic ECDSA), appendix A.2.5, for P-256: where its S is the higher one,
// the lower is derived here, as the order of the curve less S. For secp256k1, for which the RFC has
// none: those of bitcointalk.org, topic 285142 (2013), as btcd and others test with, and those of
// bitcoinjs as noble-curves has them, test/vectors/secp256k1/ecdsa.json (both seen 2026-11-29).
// Those of Project Wycheproof are in ../wycheproof.test.ts.
import assert from 'node:assert/strict';
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  verify,
} from 'node:crypto';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { Algorithm } from '../../domain/algorithm.js';
import type { ToSign } from '../../domain/scheme.js';
import { importMaterial, openMaterial } from '../material.js';
import { sign } from '../sign.js';
import { type Curve, P256, SECP256K1 } from './curve.js';

interface Vector {
  readonly algorithm: Algorithm;
  readonly scalar: string;
  readonly text: string;
  readonly r: string;
  readonly s: string;
}

const RFC_6979 = 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721';
const ONE = '1'.padStart(64, '0');

const VECTORS: readonly Vector[] = [
  {
    algorithm: 'ecdsa_p256',
    scalar: RFC_6979,
    text: 'sample',
    r: 'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
    s: 'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  },
  {
    algorithm: 'ecdsa_p256',
    scalar: RFC_6979,
    text: 'test',
    r: 'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367',
    s: '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
  },
  {
    algorithm: 'ecdsa_secp256k1',
    scalar: ONE,
    text: 'Satoshi Nakamoto',
    r: '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8',
    s: '2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
  },
  {
    algorithm: 'ecdsa_secp256k1',
    scalar: ONE,
    text: 'All those moments will be lost in time, like tears in rain. Time to die...',
    r: '8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b',
    s: '547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21',
  },
  {
    algorithm: 'ecdsa_secp256k1',
    scalar: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140',
    text: 'Equations are more important to me, because politics is for the present, but an equation is something for eternity.',
    r: '54c4a33c6423d689378f160a7ff8b61330444abb58fb470f96ea16d99d4a2fed',
    s: '07082304410efa6b2943111b6a4e0aaa7b7db55a07e9861d1fb3cb1f421044a5',
  },
  {
    algorithm: 'ecdsa_secp256k1',
    scalar: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140',
    text: 'Not only is the Universe stranger than we think, it is stranger than we can think.',
    r: 'ff466a9f1b7b273e2f4c3ffe032eb2e814121ed18ef84665d0f515360dab3dd0',
    s: '6fc95f5132e5ecfdc8e5e6e616cc77151455d46ed48f5589b7db7771a332b283',
  },
  {
    algorithm: 'ecdsa_secp256k1',
    scalar: '0000000000000000000000000000000000000000000000000000000000000001',
    text: 'How wonderful that we have met with a paradox. Now we have some hope of making progress.',
    r: 'c0dafec8251f1d5010289d210232220b03202cba34ec11fec58b3e93a85b91d3',
    s: '75afdc06b7d6322a590955bf264e7aaa155847f614d80078a90292fe205064d3',
  },
  {
    algorithm: 'ecdsa_secp256k1',
    scalar: '69ec59eaa1f4f2e36b639716b7c30ca86d9a5375c7b38d8918bd9c0ebc80ba64',
    text: 'Computer science is no more about computers than astronomy is about telescopes.',
    r: '7186363571d65e084e7f02b0b77c3ec44fb1b257dee26274c38c928986fea45d',
    s: '0de0b38e06807e46bda1f1e293f4f6323e854c86d58abdd00c46c16441085df6',
  },
  {
    algorithm: 'ecdsa_secp256k1',
    scalar: '00000000000000000000000000007246174ab1e92e9149c6e446fe194d072637',
    text: "...if you aren't, at any given time, scandalized by code you wrote five or even three years ago, you're not learning anywhere near enough",
    r: 'fbfe5076a15860ba8ed00e75e9bd22e05d230f02a936b653eb55b61c99dda487',
    s: '0e68880ebb0050fe4312b1b1eb0899e1b82da89baa5b895f612619edf34cbd37',
  },
  {
    algorithm: 'ecdsa_secp256k1',
    scalar: '000000000000000000000000000000000000000000056916d0f9b31dc9b637f3',
    text: 'The question of whether computers can think is like the question of whether submarines can swim.',
    r: 'cde1302d83f8dd835d89aef803c74a119f561fbaef3eb9129e45f30de86abbf9',
    s: '06ce643f5049ee1f27890467b77a6a8e11ec4661cc38cd8badf90115fbd03cef',
  },
];

const CURVES = [
  ['ecdsa_p256', 'P-256', P256],
  ['ecdsa_secp256k1', 'secp256k1', SECP256K1],
] as const;

describe('ECDSA', () => {
  for (const { algorithm, scalar, text, r, s } of VECTORS) {
    it(`gives the signature of "${text.slice(0, 16)}" for ${algorithm}`, async () => {
      const key = openMaterial(algorithm, Buffer.from(scalar, 'hex'));

      const made = await sign(algorithm, key, compact(text));

      const curve = algorithm === 'ecdsa_p256' ? P256 : SECP256K1;
      assert.equal(made.toString('hex'), r + lowerOf(curve, s));
    });
  }

  // T22: OpenSSL, as Node has it, gave the higher S half of the time, and another one each time.
  for (const [algorithm, namedCurve, curve] of CURVES) {
    it(`T22: is deterministic, low in S and recoverable for ${algorithm}`, async () => {
      const { secret, publicKey } = broughtTo(algorithm, namedCurve);
      const key = openMaterial(algorithm, secret);
      const ids = new Set<number | undefined>();
      for (let nth = 0; nth < 40; nth += 1) {
        const toSign = { ...compact(`order ${nth}`), encoding: 'recoverable' } as const;
        const made = await sign(algorithm, key, toSign);

        assert.deepEqual(await sign(algorithm, key, toSign), made);
        assert.equal(made.length, 65);
        assert.ok(isLow(curve, made.subarray(32, 64)));
        assert.ok(verifies(toSign.bytes, publicKey, made.subarray(0, 64)));
        ids.add(made[64]);
      }
      assert.deepEqual([...ids].sort(), [0, 1]);
    });

    it(`signs the same in every encoding and for every hash for ${algorithm}`, async () => {
      const { secret, publicKey } = broughtTo(algorithm, namedCurve);
      const key = openMaterial(algorithm, secret);
      const bytes = Buffer.from('a transaction');
      const signed = (toSign: Omit<ToSign, 'bytes'>, of = bytes) =>
        sign(algorithm, key, { ...toSign, bytes: of });

      const der = await signed({ hash: 'algorithm', encoding: 'plain' });
      assert.ok(verify('sha256', bytes, publicKey, der));
      assert.deepEqual(await signed({ hash: 'sha256', encoding: 'der' }), der);
      const digest = createHash('sha256').update(bytes).digest();
      assert.deepEqual(await signed({ hash: 'none', encoding: 'der' }, digest), der);

      const ofKeccak = await signed({ hash: 'keccak256', encoding: 'compact' });
      const keccak = Buffer.from(keccak_256(bytes));
      assert.deepEqual(await signed({ hash: 'none', encoding: 'compact' }, keccak), ofKeccak);
      assert.throws(
        () => signed({ hash: 'none', encoding: 'der' }, bytes),
        /a digest has 32 bytes/,
      );
    });
  }
});

function compact(text: string): ToSign {
  return { bytes: Buffer.from(text), hash: 'algorithm', encoding: 'compact' };
}

function broughtTo(algorithm: Algorithm, namedCurve: string) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  return { ...importMaterial(algorithm, der), publicKey: createPublicKey(privateKey) };
}

function verifies(bytes: Buffer, key: KeyObject, signature: Buffer): boolean {
  return verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

function isLow({ order }: Curve, s: Buffer): boolean {
  return numberOf(s) <= numberOf(order) / 2n;
}

function lowerOf(curve: Curve, s: string): string {
  const given = Buffer.from(s, 'hex');
  if (isLow(curve, given)) return s;
  return (numberOf(curve.order) - numberOf(given)).toString(16).padStart(64, '0');
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
