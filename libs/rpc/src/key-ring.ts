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
/** After this calls wait for that, unless it has just failed: nobody had called for a while. */
const IDLE_AGE_MS = 2 * KEYS_AGE_MS;
/**
 * After this keys that could not be read again are good for nothing: as long as a token is at most,
 * so what was signed before is over, and what was signed since may be by one that was withdrawn.
 */
const MAX_AGE_MS = 3_600_000;

type ImportedKey = Awaited<ReturnType<typeof importJWK>>;

/** The issuer's keys by id. An id that is not known makes it read them again, but not too often. */
export class KeyRing {
  readonly #read: ReadKeys;
  readonly #clock: Clock;
  #keys = new Map<string, ImportedKey>();
  /** When the keys were read. */
  #readAt = Number.NEGATIVE_INFINITY;
  /** When it was last tried, and why that failed, if it did. */
  #triedAt = Number.NEGATIVE_INFINITY;
  #failure: { readonly cause: unknown } | undefined;
  #reading: Promise<void> | undefined;

  constructor(read: ReadKeys, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /**
   * Tells whether a key is still the issuer's, for what it has verified. Not if that is not known
   * well enough: then `get` finds out.
   */
  has(id: string): boolean {
    this.#refreshIfOld();
    return this.#keys.has(id) && !this.#isIdle() && !this.#isTooOld();
  }

  /**
   * Finds a key, and reads the keys again if it is not known, or not well enough. Throws if the
   * issuer has none, and PEER_UNAVAILABLE if it cannot be known.
   */
  async get(id: string): Promise<ImportedKey> {
    if (!this.#keys.has(id) || this.#isTooOld()) await this.#refresh();
    else if (this.#isIdle()) await this.#refresh().catch(() => undefined);
    else this.#refreshIfOld();
    const key = this.#keys.get(id);
    if (!key) throw new Error('the issuer has no such key');
    return key;
  }

  /** What was read before is good for a while though it cannot be read again. */
  #refreshIfOld(): void {
    if (this.#age() <= KEYS_AGE_MS || this.#hasJustTried()) return;
    this.#refresh().catch(() => undefined);
  }

  /** Whether nobody has tried for so long that the keys may well be others. */
  #isIdle(): boolean {
    return this.#age() > IDLE_AGE_MS && !this.#failure;
  }

  #isTooOld(): boolean {
    return this.#age() > MAX_AGE_MS;
  }

  #age(): number {
    return this.#clock.elapsed() - this.#readAt;
  }

  #hasJustTried(): boolean {
    return this.#clock.elapsed() - this.#triedAt < KEYS_INTERVAL_MS;
  }

  async #refresh(): Promise<void> {
    if (!this.#reading) {
      if (this.#hasJustTried()) {
        if (this.#failure) throw unavailable('the issuer of tokens', this.#failure.cause);
        return;
      }
      // For all who wait: it must not end with the call that happens to come first.
      this.#reading = detached(() => this.#load()).finally(() => {
        this.#reading = undefined;
      });
    }
    await this.#reading;
  }

  async #load(): Promise<void> {
    const askedAt = this.#clock.elapsed();
    this.#triedAt = askedAt;
    const jwks = await this.#read().catch((cause: unknown) => {
      this.#failure = { cause };
      throw unavailable('the issuer of tokens', cause);
    });
    this.#keys = await importKeys(jwks);
    this.#readAt = askedAt;
    this.#failure = undefined;
  }
}

async function importKeys(jwks: readonly Jwk[]): Promise<Map<string, ImportedKey>> {
  const keys = new Map<string, ImportedKey>();
  for (const jwk of jwks) {
    const isEd25519 = jwk.kty === 'OKP' && jwk.crv === 'Ed25519' && jwk.d === undefined;
    if (!isEd25519 || !jwk.kid) continue;
    // One that is not a key says nothing of the others.
    const key = await importJWK(jwk, 'EdDSA').catch(() => undefined);
    if (key) keys.set(jwk.kid, key);
  }
  return keys;
}
