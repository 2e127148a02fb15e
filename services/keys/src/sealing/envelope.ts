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
  /** The same secret with the same data key, which is wrapped by the KEK of now. */
  rewrap(sealed: Sealed, identity: Identity): Promise<Sealed>;
  /** The same secret with a new data key. */
  reseal(sealed: Sealed, identity: Identity): Promise<Sealed>;
}

/** The key-encryption keys that there are. */
export interface Keyring {
  /** The one to seal under. */
  current(): Kek;
  /** The one of an id. Throws if it is not there. */
  find(id: string): Kek;
}

const DATA_KEY_BYTES = 32;

/**
 * Makes envelopes under key-encryption keys. Each secret has a data key of its own.
 *
 * A wrapped key begins with a byte for its format. The first format had none, and bound the secret
 * to its KEK as well, so that it cannot be rewrapped: it is sealed anew.
 */
export function createEnvelope(keyring: Keyring, ids: Ids): Envelope {
  const wrap = async (dataKey: Buffer, identity: Identity) => {
    const kek = keyring.current();
    const aad = bound('data key', identity, kek.id);
    const wrapped = await kek.wrap(dataKey, ids.bytes(NONCE_BYTES), aad);
    return { kekId: kek.id, wrappedKey: Buffer.concat([FORMAT_2, wrapped]) };
  };
  const unwrap = async ({ kekId, wrappedKey }: Sealed, identity: Identity): Promise<Buffer> => {
    const kek = keyring.find(kekId);
    if (isFirstFormat(wrappedKey))
      return kek.unwrap(wrappedKey, first('data key', identity, kekId));
    return kek.unwrap(wrappedKey.subarray(1), bound('data key', identity, kekId));
  };
  const seal: Envelope['seal'] = async (secret, identity) => {
    const dataKey = ids.bytes(DATA_KEY_BYTES);
    try {
      const wrapped = await wrap(dataKey, identity);
      const nonce = ids.bytes(NONCE_BYTES);
      const sealed = close(createSecretKey(dataKey), nonce, bound('secret', identity), secret);
      return { ...wrapped, sealed };
    } finally {
      dataKey.fill(0);
    }
  };
  const openIt: Envelope['open'] = async (sealed, identity) => {
    const dataKey = await unwrap(sealed, identity);
    try {
      const aad = isFirstFormat(sealed.wrappedKey)
        ? first('secret', identity, sealed.kekId)
        : bound('secret', identity);
      return open(createSecretKey(dataKey), aad, sealed.sealed);
    } finally {
      dataKey.fill(0);
    }
  };
  const reseal: Envelope['reseal'] = async (sealed, identity) => {
    const secret = await openIt(sealed, identity);
    try {
      return await seal(secret, identity);
    } finally {
      secret.fill(0);
    }
  };
  return {
    ...{ seal, open: openIt, reseal },
    async rewrap(sealed, identity) {
      if (isFirstFormat(sealed.wrappedKey)) return reseal(sealed, identity);
      const dataKey = await unwrap(sealed, identity);
      try {
        return { ...(await wrap(dataKey, identity)), sealed: sealed.sealed };
      } finally {
        dataKey.fill(0);
      }
    },
  };
}

type Part = 'data key' | 'secret';

const FORMAT_2 = Buffer.of(2);
/** A nonce, a data key and a tag. */
const FIRST_FORMAT_BYTES = 60;

function isFirstFormat(wrappedKey: Buffer): boolean {
  if (wrappedKey.length === FIRST_FORMAT_BYTES) return true;
  if (wrappedKey[0] !== FORMAT_2[0]) throw new Error('a wrapped key is of no known format');
  return false;
}

function bound(part: Part, identity: Identity, kekId = ''): Buffer {
  return lengthPrefixed(['ramet.keys.sealed.v2', part, kekId, ...identity]);
}

function first(part: Part, identity: Identity, kekId: string): Buffer {
  return lengthPrefixed(['ramet.keys.sealed.v1', part, kekId, ...identity]);
}
