import { createHmac, type KeyObject } from 'node:crypto';
import type { Payload } from '../domain/scheme.js';
import { partsOf } from '../domain/signable.js';

/** Makes the digest of a payload that the log keeps. */
export type PayloadDigest = (scheme: string, payload: Payload) => Buffer;

/**
 * Digests payloads with a key of the service: an order is short enough to be guessed from a plain
 * hash. It throws SEALED while the key is not there.
 */
export function createPayloadDigest(key: () => KeyObject): PayloadDigest {
  return (scheme, payload) => {
    const parts = partsOf(payload);
    // Lengths first, so that no two payloads give the same bytes; the parts need no copy then.
    const lengths = [scheme, ...parts].map((part) => Buffer.byteLength(part));
    const hmac = createHmac('sha256', key()).update(`${lengths.join(' ')}\n${scheme}`);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  };
}
