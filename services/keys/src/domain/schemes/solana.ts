import { invalid } from '@ramet/errors';
import type { Draft, SchemeKey } from '../scheme.js';
import { base58 } from './base58.js';
import { readSolanaMessage, type SolanaMessage } from './solana-message.js';

const KEY_BYTES = 32;

/** Reads a message. Throws REQUEST_INVALID unless it is one that the key is to sign. */
export function requireSolanaSigner(message: Buffer, { publicKey }: SchemeKey): SolanaMessage {
  const field = 'solana_message';
  const read = readSolanaMessage(message);
  if (!read) {
    const description = 'must be the message of a transaction, legacy or of version 0';
    throw invalid({ field, description });
  }
  // The public key of an Ed25519 key is the end of its SubjectPublicKeyInfo (RFC 8410).
  if (!read.signers.includes(base58(publicKey.subarray(-KEY_BYTES)))) {
    throw invalid({ field, description: 'must have the key among its signers' });
  }
  return read;
}

/** The message as it is: Ed25519 signs it by itself. */
export function draftSolanaMessage(bytes: Buffer): Draft {
  return {
    toSign: { bytes, hash: 'algorithm', encoding: 'plain' },
    finish: (signature) => ({ signature }),
  };
}
