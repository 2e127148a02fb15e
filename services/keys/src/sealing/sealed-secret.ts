import type { NewKey } from '../domain/key.js';
import type { NewVersion } from '../domain/key-life.js';
import type { Sealed } from './envelope.js';

/** A secret to store, with its public half. */
export interface SealedSecret extends NewVersion {
  /** The keyed digest of the secret: one secret is one key of an owner. */
  readonly fingerprint: Buffer;
  readonly sealed: Sealed;
}

/** A key to create, with its first secret. Its times come from the database. */
export interface SealedKey extends NewKey, SealedSecret {}
