import { p256 } from '@noble/curves/nist.js';
import type { RecoveryIdType } from 'tiny-secp256k1';
import type { DigestSigner } from './ecdsa.js';
import { verifyInPool } from './pool.js';

const SIGN = { prehash: false, lowS: true, format: 'recovered' } as const;
const VERIFY = { prehash: false, lowS: true, format: 'compact' } as const;

/**
 * Signs with noble: OpenSSL, as Node has it, does not sign the same bytes the same way twice. OpenSSL
 * verifies, which it does faster and in the background, but for digests that are not of SHA-256.
 */
export const P256_SIGNER: DigestSigner = {
  sign(digest, scalar) {
    const [recoveryId, ...rest] = p256.sign(digest, scalar, SIGN);
    return { compact: Buffer.from(rest), recoveryId: recoveryId as RecoveryIdType };
  },
  verify({ compact }, { digest, message }, { point, publicKey }) {
    if (!message || !publicKey) return p256.verify(compact, digest, point, VERIFY);
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
    return verifyInPool('sha256', message, { key, signature: compact });
  },
};
