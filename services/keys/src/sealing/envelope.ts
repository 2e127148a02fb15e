import { createSecretKey } from 'node:crypto';
import type { Ids } from '@ramet/service';
import { close, NONCE_BYTES, open } from './gcm.js';
import type { Kek } from './kek.js';
import { lengthPrefixed } from './length-prefixed.js';

/** A secret as it is stored: sealed with a data key, which is wrapped by the KEK named. */
export interface Sealed {
  readonly kekId: string;
  readonly wrappedKey: Buffer;
  readonly sealed: Buffer;
}

/** What a secret belongs to. A secret that is moved to another row does not open there. */
export type Identity = readonly string[];

/** Seals secrets, and opens them again. */
export interface Envelope {
  seal(secret: Buffer, identity: Identity): Promise<Sealed>;
  /** The secret, for the caller to zero. */
  open(sealed: Sealed, identity: Identity): Promise<Buffer>;
}

const DATA_KEY_BYTES = 32;
const FORMAT = 'ramet.keys.sealed.v1';

/** Makes envelopes under a key-encryption key. Each secret has a data key of its own. */
export function createEnvelope(kek: Kek, ids: Ids): Envelope {
  const bound = (part: string, kekId: string, identity: Identity): Buffer =>
    lengthPrefixed([FORMAT, part, kekId, ...identity]);
  return {
    async seal(secret, identity) {
      const dataKey = ids.bytes(DATA_KEY_BYTES);
      try {
        const nonce = ids.bytes(NONCE_BYTES);
        const wrappedKey = await kek.wrap(dataKey, nonce, bound('data key', kek.id, identity));
        const key = createSecretKey(dataKey);
        const aad = bound('secret', kek.id, identity);
        return {
          kekId: kek.id,
          wrappedKey,
          sealed: close(key, ids.bytes(NONCE_BYTES), aad, secret),
        };
      } finally {
        dataKey.fill(0);
      }
    },
    async open({ kekId, wrappedKey, sealed }, identity) {
      if (kekId !== kek.id) throw new WrongKek(kekId, kek.id);
      const dataKey = await kek.unwrap(wrappedKey, bound('data key', kekId, identity));
      try {
        return open(createSecretKey(dataKey), bound('secret', kekId, identity), sealed);
      } finally {
        dataKey.fill(0);
      }
    },
  };
}

/** A secret was sealed under another key-encryption key than the one that is there. */
class WrongKek extends Error {
  override readonly name = 'WrongKek';
  constructor(wanted: string, given: string) {
    super(`sealed with key-encryption key ${wanted}, but this is ${given}`);
  }
}
