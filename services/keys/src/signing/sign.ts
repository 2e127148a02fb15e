import { createHmac, type KeyObject, sign as signAsymmetric } from 'node:crypto';
import { promisify } from 'node:util';
import { ALGORITHMS, type Algorithm } from '../domain/algorithm.js';

// With a callback it runs in libuv's pool: a signature takes as long as many HMACs.
const signInPool = promisify(
  (bytes: Buffer, key: KeyObject, done: (error: Error | null, signature: Buffer) => void) =>
    signAsymmetric(null, bytes, key, done),
);

/**
 * Signs bytes. The same bytes give the same signature.
 *
 * What takes no time is done at once: a promise would cost more than an HMAC.
 */
export function sign(
  algorithm: Algorithm,
  key: KeyObject,
  bytes: Buffer,
): Buffer | Promise<Buffer> {
  const { family, hash } = ALGORITHMS[algorithm];
  if (family === 'hmac') return createHmac(hash, key).update(bytes).digest();
  return signInPool(bytes, key);
}
