import { recover, signRecoverable } from 'tiny-secp256k1';
import type { DigestSigner } from './ecdsa.js';

/**
 * Signs with libsecp256k1, which takes the same time for every key. A signature is verified by the
 * point that is recovered from it: which of the points it is of is verified with it.
 */
export const SECP256K1_SIGNER: DigestSigner = {
  sign(digest, scalar) {
    const { signature, recoveryId } = signRecoverable(digest, scalar);
    return { compact: Buffer.from(signature), recoveryId };
  },
  verify({ compact, recoveryId }, { digest }, { point }) {
    const recovered = recover(digest, compact, recoveryId, false);
    return recovered !== null && point.equals(recovered);
  },
};
