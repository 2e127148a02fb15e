import type { Algorithm } from './algorithm.js';
import type { Operation } from './grant.js';
import type { Key } from './key.js';

const ETHEREUM: readonly Operation[] = ['evm_message', 'evm_transaction', 'evm_typed_data'];

const OF_ALGORITHM: Partial<Readonly<Record<Algorithm, readonly Operation[]>>> = {
  ecdsa_secp256k1: ETHEREUM,
  ed25519: ['solana_message'],
};

/** The operations of a key whose payloads are understood: limits bind on them. */
export function structuredOperationsOf({
  venue,
  algorithm,
}: Pick<Key, 'venue' | 'algorithm'>): readonly Operation[] {
  return venue === '' ? (OF_ALGORITHM[algorithm] ?? []) : ['venue'];
}
