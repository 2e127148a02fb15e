import type { Algorithm } from '../algorithm.js';
import { base58 } from './base58.js';
import { addressOf as evmAddressOf } from './evm-address.js';

const ED25519_BYTES = 32;

/**
 * Whose signature that of a key is on a chain: an address of Ethereum (EIP-55) or Solana. Empty for
 * algorithms of no chain. The key is given as SubjectPublicKeyInfo, which ends with its point.
 */
export function addressOf(algorithm: Algorithm, publicKey: Buffer): string {
  switch (algorithm) {
    case 'ecdsa_secp256k1':
      return evmAddressOf(publicKey);
    case 'ed25519':
      return base58(publicKey.subarray(-ED25519_BYTES));
    default:
      return '';
  }
}
