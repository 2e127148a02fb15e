import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

/** The size of a nonce. */
export const NONCE_BYTES = 12;

/** The only size of a tag: Node would take shorter ones, which can be forged, unless told. */
const TAG_BYTES = 16;

const CIPHER = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** Encrypts and authenticates: nonce, then ciphertext, then tag. */
export function close(key: KeyObject, nonce: Buffer, identity: Buffer, plaintext: Buffer): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS);
  cipher.setAAD(identity);
  const parts = [nonce, cipher.update(plaintext), cipher.final()];
  return Buffer.concat([...parts, cipher.getAuthTag()]);
}

/**
 * The plaintext, for the caller to zero. Throws, and gives nothing out, unless the whole is what
 * `close` made for the same identity.
 */
export function open(key: KeyObject, identity: Buffer, closed: Buffer): Buffer {
  if (closed.length < NONCE_BYTES + TAG_BYTES) throw new Error('a sealed value is cut short');
  const nonce = closed.subarray(0, NONCE_BYTES);
  const ciphertext = closed.subarray(NONCE_BYTES, -TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS);
  decipher.setAAD(identity);
  decipher.setAuthTag(closed.subarray(-TAG_BYTES));
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    throw new Error('a sealed value is not authentic');
  }
}
