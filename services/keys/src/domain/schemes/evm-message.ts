import type { Draft, ToSign } from '../scheme.js';

const PREFIX = '\u0019Ethereum Signed Message:\n';

/** A message to sign as wallets do (EIP-191, version 0x45: `personal_sign`). */
export function draftMessage(message: Buffer): Draft {
  const bytes = Buffer.concat([Buffer.from(`${PREFIX}${message.length}`), message]);
  return walletDraft(bytes);
}

/** Bytes whose signature ends with 27 or 28, as that of a wallet. */
export function walletDraft(bytes: Buffer): Draft {
  const toSign: ToSign = { bytes, hash: 'keccak256', encoding: 'recoverable' };
  return {
    toSign,
    finish(signature) {
      const ours = Buffer.from(signature);
      ours[64] = 27 + (signature[64] ?? 0);
      return { signature: ours };
    },
  };
}
