import { keccak_256 } from '@noble/hashes/sha3.js';

const HEX_ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const POINT_BYTES = 64;

/** The Keccak-256 of bytes. */
export function keccak256(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.from(keccak_256(Buffer.concat(parts)));
}

/** The address of a secp256k1 key, given as SubjectPublicKeyInfo that ends with its whole point. */
export function addressOf(publicKey: Buffer): string {
  return withChecksum(keccak256(publicKey.subarray(-POINT_BYTES)).subarray(-20));
}

/**
 * The bytes of an address; undefined for what is none. Letters are in one case, or are the checksum
 * of EIP-55: an address that was typed wrong is not paid to.
 */
export function readAddress(text: string): Buffer | undefined {
  if (!HEX_ADDRESS.test(text)) return undefined;
  const digits = text.slice(2);
  const bytes = Buffer.from(digits, 'hex');
  const isOneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  return isOneCase || withChecksum(bytes) === text ? bytes : undefined;
}

/** An address as EIP-55 writes it. */
function withChecksum(address: Buffer): string {
  const digits = address.toString('hex');
  const hash = keccak256(Buffer.from(digits)).toString('hex');
  const cased = [...digits].map((digit, at) => {
    const isUpper = Number.parseInt(hash[at] ?? '0', 16) >= 8;
    return isUpper ? digit.toUpperCase() : digit;
  });
  return `0x${cased.join('')}`;
}
