import { p256 } from '@noble/curves/nist.js';
import type { RecoveryIdType } from 'tiny-secp256k1';
import { difference, isScalar, lessOrder, P256, pointOf, SCALAR_BYTES } from './curve.js';
import { deterministicNonce } from './deterministic-nonce.js';
import type { DigestSigner, EcSignature } from './ecdsa.js';
import { OrderArithmetic } from './order-arithmetic.js';
import { verifyInPool } from './pool.js';

const VERIFY = { prehash: false, lowS: true, format: 'compact' } as const;
const MODULO_ORDER = new OrderArithmetic(P256.order);

/**
 * Signs with OpenSSL's point of a nonce of RFC 6979: OpenSSL, as Node has it, does not sign the same
 * bytes the same way twice, and what does, in JavaScript, puts the key into numbers that nobody can
 * zero. OpenSSL verifies, in the background, but for digests that are not of SHA-256.
 */
export const P256_SIGNER: DigestSigner = {
  sign(digest, scalar) {
    const nonce = deterministicNonce(P256, digest, scalar);
    try {
      const point = pointOf(P256, nonce);
      const x = point.subarray(1, 1 + SCALAR_BYTES);
      const r = lessOrder(P256, x);
      const of = { addend: digest, one: r, other: scalar, divisor: nonce };
      return lower(point, r, MODULO_ORDER.quotient(of));
    } finally {
      nonce.fill(0);
    }
  },
  verify({ compact }, { digest, message }, { point, publicKey }) {
    if (!message || !publicKey) return p256.verify(compact, digest, point, VERIFY);
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
    return verifyInPool('sha256', message, { key, signature: compact });
  },
};

/** The signature with the lower of both S. Nothing of it is a secret any more. */
function lower(point: Buffer, r: Buffer, s: Buffer): EcSignature {
  // Once in 2^256 times.
  if (!isScalar(P256, r) || !isScalar(P256, s)) throw new Error('a signature of zero');
  const other = difference(P256.order, s);
  const isHigher = Buffer.compare(s, other) > 0;
  const parity = ((point.at(-1) ?? 0) & 1) ^ Number(isHigher);
  const isReduced = !r.equals(point.subarray(1, 1 + SCALAR_BYTES));
  const recoveryId = (parity + 2 * Number(isReduced)) as RecoveryIdType;
  return { compact: Buffer.concat([r, isHigher ? other : s]), recoveryId };
}
