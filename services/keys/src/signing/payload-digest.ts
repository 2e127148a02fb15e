import { createHmac, createSecretKey } from 'node:crypto';
import type { Payload } from '../domain/scheme.js';
import { partsOf } from '../domain/signable.js';

/** Makes the digest of a payload that the log keeps. */
export type PayloadDigest = (scheme: string, payload: Payload) => Buffer;

/**
 * Digests payloads with a key of the service: an order is short enough to be guessed from a plain
 * hash. Zeroes the bytes it is given.
 */
export function createPayloadDigest(secret: Buffer): PayloadDigest {
  const key = createSecretKey(secret);
  secret.fill(0);
  return (scheme, payload) => {
    const parts = partsOf(payload);
    // Lengths first, so that no two payloads give the same bytes; the parts need no copy then.
    const lengths = [scheme, ...parts].map((part) => Buffer.byteLength(part));
    const hmac = createHmac('sha256', key).update(`${lengths.join(' ')}\n${scheme}`);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  };
}
