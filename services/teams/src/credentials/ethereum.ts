import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';

const SIGNATURE_BYTES = 65;
const COMPACT_BYTES = 64;
const ADDRESS_BYTES = 20;
/** Ethereum writes the recovery bit with this added; some tools leave that out. */
const V_OFFSET = 27;

/**
 * The address whose key has signed a text as `personal_sign` does (EIP-191, version 0x45), in lower
 * case. Undefined for what is no signature: another length, another v, r or s out of range, or s in
 * the upper half of the order, as it stands for the same signature again (EIP-2).
 *
 * A changed text, or a signature of something else, gives some other address.
 */
export function signerOf(text: string, signature: Uint8Array): string | undefined {
  const recovery = recoveryOf(signature);
  if (recovery === undefined) return undefined;
  try {
    const compact = signature.subarray(0, COMPACT_BYTES);
    const parsed = secp256k1.Signature.fromBytes(compact, 'compact').addRecoveryBit(recovery);
    if (parsed.hasHighS()) return undefined;
    return addressOf(parsed.recoverPublicKey(digestOf(text)).toBytes(false));
  } catch {
    // Whatever the library has against it: it is no signature.
    return undefined;
  }
}

function recoveryOf(signature: Uint8Array): 0 | 1 | undefined {
  if (signature.length !== SIGNATURE_BYTES) return undefined;
  const v = signature[COMPACT_BYTES] ?? -1;
  const recovery = v >= V_OFFSET ? v - V_OFFSET : v;
  return recovery === 0 || recovery === 1 ? recovery : undefined;
}

function digestOf(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const head = Buffer.from(`\x19Ethereum Signed Message:\n${bytes.length}`);
  return keccak_256(Buffer.concat([head, bytes]));
}

function addressOf(publicKey: Uint8Array): string {
  const digest = keccak_256(publicKey.subarray(1));
  return `0x${Buffer.from(digest.subarray(-ADDRESS_BYTES)).toString('hex')}`;
}
