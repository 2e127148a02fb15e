import { invalid } from '@ramet/errors';
import { ALGORITHMS, type Algorithm } from '../domain/algorithm.js';
import type { GenerateOptions, OpenedKey } from './families/family.js';
import { FAMILIES } from './families/table.js';
import { decodePem } from './pem.js';

/** A secret in the form that is sealed, with its public key. */
export interface Material {
  /** For the caller to zero. */
  readonly secret: Buffer;
  /** As SubjectPublicKeyInfo. Empty where there is none. */
  readonly publicKey: Buffer;
}

/** Makes a secret that nobody has ever seen. */
export async function generateMaterial(
  algorithm: Algorithm,
  options: GenerateOptions,
): Promise<Material> {
  const secret = await FAMILIES[algorithm].generate(options);
  return { secret, publicKey: FAMILIES[algorithm].publicKeyOf(secret) };
}

/**
 * Takes a secret that its owner brought. Throws REQUEST_INVALID, naming `secret`, if it does not fit
 * the algorithm, and naming `claimed_public_key`, if that is given and is not its own; what either
 * was is not told.
 */
export function importMaterial(
  algorithm: Algorithm,
  given: Buffer,
  claimedPublicKey: Buffer = Buffer.alloc(0),
): Material {
  const family = FAMILIES[algorithm];
  const secret = family.read(given);
  const publicKey = family.publicKeyOf(secret);
  if (claimedPublicKey.length === 0 || isClaimOf(publicKey, claimedPublicKey)) {
    return { secret, publicKey };
  }
  secret.fill(0);
  const description = 'must be the public key of the secret, as SubjectPublicKeyInfo (DER or PEM)';
  throw invalid({ field: 'claimed_public_key', description });
}

/**
 * What two keys of the same owner may not have in common: the secret; of RSA the public half, as a
 * secret of it can be written in many ways.
 */
export function identityOf(algorithm: Algorithm, { secret, publicKey }: Material): Buffer {
  return ALGORITHMS[algorithm].family === 'rsa' ? publicKey : secret;
}

/** A secret in the form that signs. */
export function openMaterial(algorithm: Algorithm, secret: Buffer): OpenedKey {
  return FAMILIES[algorithm].open(secret);
}

function isClaimOf(publicKey: Buffer, claimed: Buffer): boolean {
  if (publicKey.length === 0) return false;
  return publicKey.equals(decodePem(claimed, 'PUBLIC KEY') ?? claimed);
}
