import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { invalid } from '@ramet/errors';
import type { Ids } from '@ramet/service';
import { ALGORITHMS, type Algorithm, problemOfHmacSecret } from '../domain/algorithm.js';
import { decodePem } from './pem.js';

/** A secret as it is sealed: the bytes of an HMAC key, or the seed of an Ed25519 key. */
export interface Material {
  /** For the caller to zero. */
  readonly secret: Buffer;
  /** As SubjectPublicKeyInfo. Empty where there is none. */
  readonly publicKey: Buffer;
}

const SEED_BYTES = 32;

/** PKCS8 of an Ed25519 key up to its seed (RFC 8410, section 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Makes a secret that nobody has ever seen. */
export function generateMaterial(algorithm: Algorithm, ids: Ids): Material {
  return materialOf(algorithm, ids.bytes(ALGORITHMS[algorithm].generatedBytes));
}

/**
 * Takes a secret that its owner brought. Throws REQUEST_INVALID, naming `secret`, if it does not
 * fit the algorithm; what it was is not told.
 */
export function importMaterial(algorithm: Algorithm, given: Buffer): Material {
  const facts = ALGORITHMS[algorithm];
  if (facts.family === 'hmac') {
    const problem = problemOfHmacSecret(given, facts);
    if (problem !== undefined) throw invalid({ field: 'secret', description: problem });
    return materialOf(algorithm, Buffer.from(given));
  }
  const seed = seedOf(given);
  if (!seed) {
    const description = `must be ${SEED_BYTES} bytes, or PKCS8 (DER or PEM) of an Ed25519 key`;
    throw invalid({ field: 'secret', description });
  }
  return materialOf(algorithm, seed);
}

/** A secret in the form that OpenSSL signs with. */
export function keyObjectOf(algorithm: Algorithm, secret: Buffer): KeyObject {
  if (ALGORITHMS[algorithm].family === 'hmac') return createSecretKey(secret);
  const der = Buffer.concat([PKCS8_HEAD, secret]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

function materialOf(algorithm: Algorithm, secret: Buffer): Material {
  if (ALGORITHMS[algorithm].family === 'hmac') return { secret, publicKey: Buffer.alloc(0) };
  const publicKey = createPublicKey(keyObjectOf(algorithm, secret));
  return { secret, publicKey: publicKey.export({ type: 'spki', format: 'der' }) };
}

/** A copy of the seed in whichever form it was given, without anything before or after. */
function seedOf(given: Buffer): Buffer | undefined {
  if (given.length === SEED_BYTES) return Buffer.from(given);
  const pem = decodePem(given, 'PRIVATE KEY');
  const der = pem ?? given;
  try {
    const head = der.subarray(0, PKCS8_HEAD.length);
    const isWhole = der.length === PKCS8_HEAD.length + SEED_BYTES && head.equals(PKCS8_HEAD);
    return isWhole ? Buffer.from(der.subarray(PKCS8_HEAD.length)) : undefined;
  } finally {
    pem?.fill(0);
  }
}
