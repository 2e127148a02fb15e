import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';

/** A text as a wallet signs it (EIP-191), for tests. */
export function signText(
  key: Uint8Array,
  text: string,
): { readonly address: string; readonly signature: Buffer } {
  const bytes = Buffer.from(text);
  const head = Buffer.from(`\x19Ethereum Signed Message:\n${bytes.length}`);
  const digest = keccak_256(Buffer.concat([head, bytes]));
  const [recovery = 0, ...compact] = secp256k1.sign(digest, key, {
    ...{ prehash: false, format: 'recovered' },
  });
  return {
    address: addressOf(key),
    signature: Buffer.from([...compact, 27 + recovery]),
  };
}

/** The address of a private key, in lower case. */
function addressOf(key: Uint8Array): string {
  const publicKey = secp256k1.getPublicKey(key, false).subarray(1);
  return `0x${Buffer.from(keccak_256(publicKey)).subarray(-20).toString('hex')}`;
}
