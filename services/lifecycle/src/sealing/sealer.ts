import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { Ids } from '@ramet/service';

/** Seals secrets for the database, and opens them again. */
export interface Sealer {
  /** Seals a secret for one place, such as `webhook whk_1 current`: it opens for no other. */
  seal(plain: Buffer, context: string): Buffer;
  /**
   * The secret, for the caller to zero.
   *
   * Throws, and gives nothing out, unless the whole was sealed for this context by a key that is
   * still there.
   */
  open(sealed: Buffer, context: string): Buffer;
}

/** The size of a sealing key. */
export const SEALING_KEY_BYTES = 32;

const CIPHER = 'aes-256-gcm';
const FORMAT = 1;
const ID_BYTES = 8;
const NONCE_BYTES = 12;
/** The only size of a tag: Node would take shorter ones, which can be forged, unless told. */
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + ID_BYTES;
const NONCE_END = HEAD_BYTES + NONCE_BYTES;

/**
 * Makes a sealer of one or more keys: the first seals, all open.
 *
 * What is sealed says by which key, so that a new first key can come while older ones still open:
 * format (1 byte), id of the key (8), nonce (12), ciphertext, tag (16).
 */
export function createSealer(keys: readonly Buffer[], ids: Ids): Sealer {
  const all = keys.map(sealingKeyOf);
  const [first] = all;
  if (!first) throw new Error('a sealer needs a key');
  return {
    seal(plain, context) {
      const head = Buffer.concat([Buffer.of(FORMAT), first.id]);
      const nonce = ids.bytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, first.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(bound(head, context));
      const parts = [head, nonce, cipher.update(plain), cipher.final()];
      return Buffer.concat([...parts, cipher.getAuthTag()]);
    },
    open(sealed, context) {
      if (sealed.length < NONCE_END + TAG_BYTES) throw new Error('a sealed value is cut short');
      const head = sealed.subarray(0, HEAD_BYTES);
      const used = all.find(({ id }) => id.equals(head.subarray(1)));
      if (head[0] !== FORMAT || !used) {
        throw new Error('a sealed value needs a key that is not in SECRETS_KEY_FILE');
      }
      return decrypt(used.key, sealed, bound(head, context));
    },
  };
}

interface SealingKey {
  /** Names the key, and tells nothing of it. */
  readonly id: Buffer;
  readonly key: KeyObject;
}

function sealingKeyOf(bytes: Buffer): SealingKey {
  const root = createSecretKey(bytes);
  const material = derive(root, 'sealing', SEALING_KEY_BYTES);
  const key = createSecretKey(material);
  material.fill(0);
  return { id: derive(root, 'id of the key', ID_BYTES), key };
}

function derive(root: KeyObject, info: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), `ramet lifecycle: ${info}`, length));
}

/** The head has a fixed length: no two pairs of head and context give the same bytes. */
function bound(head: Buffer, context: string): Buffer {
  return Buffer.concat([head, Buffer.from(context)]);
}

function decrypt(key: KeyObject, sealed: Buffer, identity: Buffer): Buffer {
  const nonce = sealed.subarray(HEAD_BYTES, NONCE_END);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(identity);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(NONCE_END, -TAG_BYTES));
  try {
    decipher.final();
    return plain;
  } catch {
    plain.fill(0);
    throw new Error('a sealed value is not authentic');
  }
}
