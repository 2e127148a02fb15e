import { createHmac, createSecretKey } from 'node:crypto';
import { problemOfHmacSecret } from '../../domain/algorithm.js';
import { type Family, requirePlain, unfit } from './family.js';

const NONE = Buffer.alloc(0);

/** HMAC (RFC 2104) with a hash, as OpenSSL calls it. A secret is any bytes. */
export function hmac(hash: string, generatedBytes: number): Family {
  return {
    generate: ({ ids }) => ids.bytes(generatedBytes),
    read(given) {
      const problem = problemOfHmacSecret(given);
      if (problem !== undefined) throw unfit(problem);
      return Buffer.from(given);
    },
    publicKeyOf: () => NONE,
    open: (secret) => ({ secret: createSecretKey(secret), publicKey: undefined, point: NONE }),
    sign(key, toSign) {
      requirePlain(toSign, 'HMAC');
      return createHmac(hash, key.secret).update(toSign.bytes).digest();
    },
  };
}
