import { PublicError } from '@ramet/errors';
import type { Caller } from './call.js';

/** Something whose tokens are not accepted any more. */
export interface Revoked {
  /** The id of a token, of what tokens are made of, or of a user. */
  readonly subject: string;
  /** Of a user: the version that tokens must at least have. Zero: none is accepted. */
  readonly minVersion: number;
}

/** What is known of tokens that were revoked, and how well. */
export interface Revocations {
  /** Whether all that was revoked more than a second ago is known. */
  isFresh(): boolean;
  isRevoked(caller: Caller): boolean;
  /** Asks whoever decides it. Throws if they cannot be asked. */
  ask(caller: Caller): Promise<boolean>;
  /** Calls back whenever more was revoked, unless the returned function is called before. */
  onChange(callback: () => void): () => void;
}

/** How old what is known may be, before it is asked about each call. */
export const FRESH_MS = 1_000;

/** The revocations that are known: quick to ask, as every call does. */
export class RevokedSubjects {
  readonly #minVersions = new Map<string, number>();

  add({ subject, minVersion }: Revoked): void {
    const least = minVersion === 0 ? Number.POSITIVE_INFINITY : minVersion;
    this.#minVersions.set(subject, Math.max(least, this.#minVersions.get(subject) ?? 0));
  }

  has({ id, tokenId, credentialIds, version = 0 }: Caller): boolean {
    if (this.#minVersions.size === 0) return false;
    if (version < (this.#minVersions.get(id) ?? 0)) return true;
    if (this.#minVersions.has(tokenId)) return true;
    return credentialIds?.some((each) => this.#minVersions.has(each)) ?? false;
  }
}

/** The refusal of a token that was good once. */
export function tokenRevoked(): PublicError {
  return new PublicError('unauthenticated', 'TOKEN_REVOKED', 'the token was revoked');
}
