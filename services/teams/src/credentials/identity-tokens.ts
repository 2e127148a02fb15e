import { unavailable } from '@ramet/errors';
import type { Clock } from '@ramet/service';
import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import {
  type IdentityProvider,
  isSafeUrl,
  type ProvenClaims,
} from '../domain/identity-provider.js';
import { createBoundedFetch, type Fetch } from './bounded-fetch.js';

/** What an ID token says of itself, before anything of it is proven. */
export interface ClaimedOrigin {
  readonly issuer: string;
  readonly audiences: readonly string[];
}

/** The keys of a provider, as they were found. */
interface Found {
  readonly keys: JWTVerifyGetKey;
  readonly foundAtMs: number;
}

const MAX_AGE_SECONDS = 10 * 60;
/** Clocks of providers and ours may differ by this. */
const TOLERANCE_SECONDS = 30;
const NAME = /^[^\0\p{Surrogate}]{1,512}$/u;
const MOST_AUDIENCES = 100;
/** The configuration of a provider is read again after this. */
const FOUND_MS = 10 * 60_000;

/**
 * Reads where an ID token says to be from. Undefined for what is no token, and for texts that no
 * database can hold: anybody can write a token.
 */
export function originOf(token: string): ClaimedOrigin | undefined {
  try {
    const { iss, aud } = decodeJwt(token);
    const audiences: readonly unknown[] = [aud].flat();
    const isOrigin = isName(iss) && audiences.length <= MOST_AUDIENCES && audiences.every(isName);
    return isOrigin ? { issuer: iss, audiences } : undefined;
  } catch {
    return undefined;
  }
}

/** Tells whether a claim can name somebody: some text, not too long, without NUL or halves. */
function isName(claim: unknown): claim is string {
  return typeof claim === 'string' && NAME.test(claim);
}

/** Three parts of base64url and nothing beside them, as RFC 7515 writes a token. */
const ONE_TEXT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** What of a token is signed. Of one token there are texts with other signatures that verify, too. */
export function signedPartOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'));
}

/** Proves what ID tokens say, by the keys that their providers publish. */
export class IdentityTokens {
  readonly #clock: Clock;
  readonly #fetch: Fetch;
  readonly #found = new Map<string, Found>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#fetch = createBoundedFetch(clock);
  }

  /**
   * Proves a token of a provider. Undefined if it is not what it should be.
   *
   * A nonce, if one is expected, is the token's own. Throws PEER_UNAVAILABLE if the provider cannot
   * be asked for its keys.
   */
  async prove(
    provider: IdentityProvider,
    token: string,
    nonce: string | undefined,
  ): Promise<ProvenClaims | undefined> {
    if (!ONE_TEXT.test(token)) return undefined;
    const { issuer, audience, algorithms } = provider;
    const keys = await this.#keysOf(issuer);
    try {
      const { payload } = await jwtVerify(token, keys, {
        ...{ issuer, audience, algorithms: [...algorithms] },
        requiredClaims: ['sub', 'iat', 'exp'],
        maxTokenAge: MAX_AGE_SECONDS,
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: this.#clock.now(),
      });
      return isFor(payload, audience, nonce) ? { ...payload, sub: payload.sub ?? '' } : undefined;
    } catch (thrown) {
      if (isOfTheToken(thrown)) return undefined;
      throw away(thrown);
    }
  }

  async #keysOf(issuer: string): Promise<JWTVerifyGetKey> {
    const found = this.#found.get(issuer);
    const nowMs = this.#clock.elapsed();
    if (found && nowMs - found.foundAtMs < FOUND_MS) return found.keys;
    const url = await discover(this.#fetch, issuer).catch((thrown: unknown) => {
      throw away(thrown);
    });
    const keys = createRemoteJWKSet(new URL(url), { [customFetch]: this.#fetch });
    this.#found.set(issuer, { keys, foundAtMs: nowMs });
    return keys;
  }
}

/** Finds where a provider publishes its keys (OpenID Connect Discovery 1.0, section 4). */
async function discover(read: Fetch, issuer: string): Promise<string> {
  const path = '.well-known/openid-configuration';
  const response = await read(`${issuer.replace(/\/$/, '')}/${path}`);
  if (response.status !== 200) throw new Error(`the provider has answered ${response.status}`);
  const { issuer: said, jwks_uri: keys } = (await response.json()) as Record<string, unknown>;
  if (said !== issuer) throw new Error('the configuration is of another issuer');
  if (typeof keys !== 'string' || !isSafeUrl(keys)) {
    throw new Error('the configuration does not say where keys are');
  }
  return keys;
}

/** A token for several parties says to which of them it was given (OpenID Connect Core, 3.1.3.7). */
function isFor({ aud, azp, nonce, sub }: JWTPayload, audience: string, expected?: string): boolean {
  const isForOthers = Array.isArray(aud) && aud.length > 1;
  if (azp === undefined ? isForOthers : azp !== audience) return false;
  return isName(sub) && (expected === undefined || nonce === expected);
}

/** Tells a token that is wrong from a provider that cannot be asked. */
function isOfTheToken(thrown: unknown): boolean {
  const isAway = thrown instanceof errors.JWKSTimeout || thrown instanceof errors.JWKSInvalid;
  const isGeneric = thrown instanceof errors.JOSEError && thrown.code === 'ERR_JOSE_GENERIC';
  return thrown instanceof errors.JOSEError && !isAway && !isGeneric;
}

function away(cause: unknown): Error {
  return unavailable('the identity provider', cause);
}
