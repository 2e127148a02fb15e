import { createHmac, createSecretKey } from 'node:crypto';
import { type Payload, partsOf } from '../domain/scheme.js';
import { lengthPrefixed } from '../sealing/length-prefixed.js';

/** Makes the digest of a payload that the log keeps. */
export type PayloadDigest = (scheme: string, payload: Payload) => Buffer;

/**
 * Digests payloads with a key of the service: an order is short enough to be guessed from a plain
 * hash. Zeroes the bytes it is given.
 */
export function createPayloadDigest(secret: Buffer): PayloadDigest {
  const key = createSecretKey(secret);
  secret.fill(0);
  return (scheme, payload) =>
    createHmac('sha256', key)
      .update(lengthPrefixed([scheme, ...partsOf(payload)]))
      .digest();
}
