import { createHmac, createSecretKey } from 'node:crypto';
import { invalid } from '@ramet/errors';
import type { Algorithm } from '../domain/algorithm.js';
import { schemeOf } from '../domain/schemes/venues.js';
import { unfit } from './families/family.js';
import { importMaterial, type Material } from './material.js';
import { decodeBase64, encodeBase64 } from './pem.js';

/** A secret, and what its venue wants in a header for the passphrase: empty where it wants none. */
interface Credential {
  readonly secret: Buffer;
  readonly passphrase: Buffer;
}

/** What the owner of a key brought. */
export interface BroughtSecret {
  readonly venue: string;
  readonly algorithm: Algorithm;
  readonly secret: Buffer;
  readonly claimedPublicKey: Buffer;
}

const LENGTH_BYTES = 2;
const BLANK = 0x20;
const LAST_VISIBLE = 0x7e;

/**
 * Takes a secret in the form that its venue writes it. What is sealed is what signs: base64 is
 * decoded here, strictly, and nowhere else.
 *
 * Throws REQUEST_INVALID, naming `secret` or `claimed_public_key`.
 */
export function importSecret(brought: BroughtSecret): Material {
  const { venue, algorithm, secret, claimedPublicKey } = brought;
  if (!schemeOf(venue)?.base64.includes(algorithm)) {
    return importMaterial(algorithm, secret, claimedPublicKey);
  }
  const decoded = decodeBase64(secret);
  if (!decoded) throw unfit(`must be base64, as ${venue} writes it`);
  try {
    return importMaterial(algorithm, decoded, claimedPublicKey);
  } finally {
    decoded.fill(0);
  }
}

/**
 * A secret with what its venue wants of the passphrase, as they are sealed together, for the caller
 * to zero. A copy of the secret alone where the venue has no passphrases.
 *
 * Throws REQUEST_INVALID, naming `passphrase`, if it fits no header.
 */
export function joinCredential(venue: string, secret: Buffer, passphrase: Buffer): Buffer {
  const kind = schemeOf(venue)?.passphrase ?? 'none';
  if (kind === 'none') return Buffer.from(secret);
  if (!fitsHeader(passphrase)) {
    throw invalid({ field: 'passphrase', description: 'must be visible ASCII' });
  }
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(secret.length);
  if (kind === 'plain') return Buffer.concat([length, secret, passphrase]);
  const hmac = createHmac('sha256', secret).update(passphrase).digest();
  const header = encodeBase64(hmac);
  try {
    return Buffer.concat([length, secret, header]);
  } finally {
    hmac.fill(0);
    header.fill(0);
  }
}

/** Visible ASCII, with blanks inside of it alone. Looks at bytes, as a text could not be zeroed. */
function fitsHeader(passphrase: Buffer): boolean {
  const areShown = passphrase.every((byte) => byte >= BLANK && byte <= LAST_VISIBLE);
  const ends = [passphrase[0], passphrase.at(-1)];
  return areShown && ends.every((byte) => byte !== undefined && byte !== BLANK);
}

/** What `joinCredential` has joined: views of the bytes, which the caller zeroes. */
export function splitCredential(venue: string, joined: Buffer): Credential {
  const kind = schemeOf(venue)?.passphrase ?? 'none';
  if (kind === 'none') return { secret: joined, passphrase: joined.subarray(joined.length) };
  const end = LENGTH_BYTES + joined.readUInt16BE(0);
  return { secret: joined.subarray(LENGTH_BYTES, end), passphrase: joined.subarray(end) };
}

/**
 * A passphrase that stays where OpenSSL keeps keys. It becomes a text with each header that is made
 * of it, and in no other place: the answer has it as a text.
 */
export function keepPassphrase(passphrase: Buffer): () => string {
  if (passphrase.length === 0) return () => '';
  const kept = createSecretKey(passphrase);
  return () => {
    const exported = kept.export();
    try {
      return exported.toString('latin1');
    } finally {
      exported.fill(0);
    }
  };
}
