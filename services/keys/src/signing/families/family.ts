import type { KeyObject } from 'node:crypto';
import { invalid, type PublicError } from '@ramet/errors';
import type { Ids } from '@ramet/service';
import type { ToSign } from '../../domain/scheme.js';

/** A key that is ready to sign: OpenSSL zeroes its memory when the last reference is gone. */
export interface OpenedKey {
  readonly secret: KeyObject;
  /** What signatures are verified with. Undefined for an HMAC. */
  readonly publicKey: KeyObject | undefined;
  /** The public key as an uncompressed point. Empty where it is none. */
  readonly point: Buffer;
}

/** What is asked of a secret that the service makes. */
export interface GenerateOptions {
  readonly ids: Ids;
  /** The size of an RSA key. */
  readonly rsaBits: number;
}

/** What the algorithms of one kind do. A secret is a buffer in the form that is sealed. */
export interface Family {
  /** Makes a secret that nobody has ever seen, for the caller to zero. */
  generate(options: GenerateOptions): Buffer | Promise<Buffer>;
  /**
   * A copy of the secret that its owner brought, for the caller to zero.
   *
   * Throws REQUEST_INVALID, naming `secret`, if it does not fit; what it was is not told.
   */
  read(given: Buffer): Buffer;
  /** The public key as SubjectPublicKeyInfo. Empty where there is none. */
  publicKeyOf(secret: Buffer): Buffer;
  open(secret: Buffer): OpenedKey;
  /** Signs. What takes no time is done at once: a promise would cost more than an HMAC. */
  sign(key: OpenedKey, toSign: ToSign): Buffer | Promise<Buffer>;
}

/** The error for a secret that does not fit its algorithm. */
export function unfit(description: string): PublicError {
  return invalid({ field: 'secret', description });
}

/** Throws unless bytes are to be signed in the one way that an algorithm has by itself. */
export function requirePlain({ hash, encoding }: ToSign, family: string): void {
  if (hash === 'algorithm' && encoding === 'plain') return;
  throw new Error(`${family} does not sign with hash ${hash} and encoding ${encoding}`);
}

/** Throws unless a signature that was made verifies: a fault while signing can betray the key. */
export function requireVerified(verified: boolean): void {
  if (!verified) throw new Error('a signature that was just made does not verify');
}
