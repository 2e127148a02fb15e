import { createHmac } from 'node:crypto';
import { invalid } from '@ramet/errors';
import type { Algorithm } from '../domain/algorithm.js';
import { schemeOf } from '../domain/schemes/venues.js';
import { unfit } from './families/family.js';
import { importMaterial, type Material } from './material.js';
import { decodeBase64 } from './pem.js';

/** What the owner of a key brought. */
export interface BroughtSecret {
  readonly venue: string;
  readonly algorithm: Algorithm;
  readonly secret: Buffer;
  readonly claimedPublicKey: Buffer;
}

const LENGTH_BYTES = 2;

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
  if (!/^[!-~]([ -~]*[!-~])?$/.test(passphrase.toString('latin1'))) {
    throw invalid({ field: 'passphrase', description: 'must be visible ASCII' });
  }
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(secret.length);
  const hmac = (): string => createHmac('sha256', secret).update(passphrase).digest('base64');
  const header = kind === 'hmac' ? Buffer.from(hmac()) : passphrase;
  return Buffer.concat([length, secret, header]);
}

/** What `joinCredential` has joined: views of the bytes, which the caller zeroes. */
export function splitCredential(venue: string, joined: Buffer) {
  const kind = schemeOf(venue)?.passphrase ?? 'none';
  if (kind === 'none') return { secret: joined, passphrase: '' };
  const end = LENGTH_BYTES + joined.readUInt16BE(0);
  const passphrase = joined.toString('latin1', end);
  return { secret: joined.subarray(LENGTH_BYTES, end), passphrase };
}
