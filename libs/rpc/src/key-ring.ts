import { unavailable } from '@ramet/errors';
import { importJWK, type JWK } from 'jose';
import { detached } from './context.js';
import type { Clock } from './ports.js';

/** A public key of the issuer, as JSON Web Key (RFC 7517, RFC 8037). */
export type Jwk = JWK;

/** Reads the issuer's public keys. */
type ReadKeys = () => Promise<readonly Jwk[]>;

const KEYS_INTERVAL_MS = 1_000;
/**
 * After this keys are read again, beside the calls: so a key is known before it signs, and one that
 * was withdrawn is good for no longer.
 */
const KEYS_AGE_MS = 60_000;

type ImportedKey = Awaited<ReturnType<typeof importJWK>>;

/** The issuer's keys by id. An id that is not known makes it read them again, but not too often. */
export class KeyRing {
  readonly #read: ReadKeys;
  readonly #clock: Clock;
  #keys = new Map<string, ImportedKey>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(read: ReadKeys, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** Tells whether a key is still the issuer's, as far as that is known: for what it has verified. */
  has(id: string): boolean {
    this.#refreshIfOld();
    return this.#keys.has(id);
  }

  /** Finds a key, and reads the keys again if it is not known. Throws if the issuer has none. */
  async get(id: string): Promise<ImportedKey> {
    if (this.#keys.has(id)) this.#refreshIfOld();
    else await this.#refresh();
    const key = this.#keys.get(id);
    if (!key) throw new Error('the issuer has no such key');
    return key;
  }

  /** What was read before is good until it was read again: that may fail. */
  #refreshIfOld(): void {
    if (this.#clock.elapsed() - this.#readAt <= KEYS_AGE_MS) return;
    this.#refresh().catch(() => undefined);
  }

  async #refresh(): Promise<void> {
    if (!this.#reading) {
      if (this.#clock.elapsed() - this.#readAt < KEYS_INTERVAL_MS) return;
      // For all who wait: it must not end with the call that happens to come first.
      this.#reading = detached(() => this.#load()).finally(() => {
        this.#reading = undefined;
      });
    }
    await this.#reading;
  }

  async #load(): Promise<void> {
    const askedAt = this.#clock.elapsed();
    const jwks = await this.#read().catch((thrown: unknown) => {
      throw unavailable('the issuer of tokens', thrown);
    });
    const keys = new Map<string, ImportedKey>();
    for (const jwk of jwks) {
      const isEd25519 = jwk.kty === 'OKP' && jwk.crv === 'Ed25519' && jwk.d === undefined;
      if (!isEd25519 || !jwk.kid) continue;
      // One that is not a key says nothing of the others.
      const key = await importJWK(jwk, 'EdDSA').catch(() => undefined);
      if (key) keys.set(jwk.kid, key);
    }
    this.#keys = keys;
    this.#readAt = askedAt;
  }
}
