import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { close, open } from './gcm.js';

/** Where data keys are wrapped: a file's key here, a key management service elsewhere. */
export interface Kek {
  /** Names the key, so that each row says what it was wrapped with. Tells nothing of it. */
  readonly id: string;
  wrap(dataKey: Buffer, nonce: Buffer, identity: Buffer): Promise<Buffer>;
  /** The data key, for the caller to zero. Throws if it was not wrapped like this. */
  unwrap(wrapped: Buffer, identity: Buffer): Promise<Buffer>;
}

/** The size of a key-encryption key. */
export const KEK_BYTES = 32;

const ID_BYTES = 8;

/** A key-encryption key of 32 bytes. Zeroes the bytes it is given. */
export function kekOf(bytes: Buffer): Kek {
  const root = createSecretKey(bytes);
  bytes.fill(0);
  const id = derive(root, 'ramet keys: id of the kek', ID_BYTES).toString('hex');
  const wrapping = derive(root, 'ramet keys: wrapping of data keys', KEK_BYTES);
  const key = createSecretKey(wrapping);
  wrapping.fill(0);
  return {
    id,
    wrap: async (dataKey, nonce, identity) => close(key, nonce, identity, dataKey),
    unwrap: async (wrapped, identity) => open(key, identity, wrapped),
  };
}

function derive(root: KeyObject, info: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), info, length));
}
