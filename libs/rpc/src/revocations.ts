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

/** For how long a revocation matters: twice as long as the longest token is good. */
export const REVOKED_MS = 2 * 3_600_000;

/** The revocations that are known: quick to ask, as every call does. */
export class RevokedSubjects {
  /** From the one that was heard of first to the last. */
  readonly #known = new Map<string, { readonly minVersion: number; readonly atMs: number }>();

  get size(): number {
    return this.#known.size;
  }

  /** Adds what was heard of at a time, which only grows. */
  add({ subject, minVersion }: Revoked, atMs: number): void {
    const before = this.#known.get(subject)?.minVersion ?? 0;
    const least = minVersion === 0 ? Number.POSITIVE_INFINITY : minVersion;
    this.#known.delete(subject);
    this.#known.set(subject, { minVersion: Math.max(least, before), atMs });
  }

  /** Forgets what matters no more. */
  forget(nowMs: number): void {
    for (const [subject, { atMs }] of this.#known) {
      if (nowMs - atMs <= REVOKED_MS) return;
      this.#known.delete(subject);
    }
  }

  has({ id, tokenId, credentialIds, version = 0 }: Caller): boolean {
    if (this.#known.size === 0) return false;
    if (version < (this.#known.get(id)?.minVersion ?? 0)) return true;
    if (this.#known.has(tokenId)) return true;
    return credentialIds?.some((each) => this.#known.has(each)) ?? false;
  }
}

/** The refusal of a token that was good once. */
export function tokenRevoked(): PublicError {
  return new PublicError('unauthenticated', 'TOKEN_REVOKED', 'the token was revoked');
}
