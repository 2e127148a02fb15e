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
import type { IdentityProvider, ProvenClaims } from '../domain/identity-provider.js';
import { createBoundedFetch, type Fetch } from './bounded-fetch.js';
import { requireKeysPlace } from './keys-place.js';

/** What an ID token says of itself, before anything of it is proven. */
export interface ClaimedOrigin {
  readonly issuer: string;
  readonly audiences: readonly string[];
}

/** The keys of a provider, as they are being found, or were. */
interface Found {
  readonly keys: Promise<JWTVerifyGetKey>;
  /** Until when nothing else is looked for. */
  untilMs: number;
}

const MAX_AGE_SECONDS = 10 * 60;
/** Clocks of providers and ours may differ by this. */
const TOLERANCE_SECONDS = 30;
const NAME = /^[^\0\p{Surrogate}]{1,512}$/u;
const MOST_AUDIENCES = 100;
/** The configuration of a provider is read again after this. */
const FOUND_MS = 10 * 60_000;
/** One that could not be read is asked again after this: anybody can show what names its issuer. */
const FAILED_MS = 1_000;
/** Tokens of other kinds say so: one for access, or one that tells of a logout, is no ID token. */
const ID_TOKEN_TYPE = /^(application\/)?jwt$/i;

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
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        ...{ issuer, audience, algorithms: [...algorithms] },
        requiredClaims: ['sub', 'iat', 'exp'],
        maxTokenAge: MAX_AGE_SECONDS,
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: this.#clock.now(),
      });
      if (!ID_TOKEN_TYPE.test(protectedHeader.typ ?? 'JWT')) return undefined;
      return isFor(payload, audience, nonce) ? { ...payload, sub: payload.sub ?? '' } : undefined;
    } catch (thrown) {
      if (isOfTheToken(thrown)) return undefined;
      throw away(thrown);
    }
  }

  /** The keys of an issuer. Those who ask at once ask once, and are all told how that has failed. */
  #keysOf(issuer: string): Promise<JWTVerifyGetKey> {
    const found = this.#found.get(issuer);
    const nowMs = this.#clock.elapsed();
    if (found && nowMs < found.untilMs) return found.keys;
    const finding: Found = { keys: this.#find(issuer), untilMs: nowMs + FOUND_MS };
    this.#found.set(issuer, finding);
    finding.keys.catch(() => {
      finding.untilMs = this.#clock.elapsed() + FAILED_MS;
    });
    return finding.keys;
  }

  async #find(issuer: string): Promise<JWTVerifyGetKey> {
    try {
      const url = await discover(this.#fetch, issuer);
      return createRemoteJWKSet(new URL(url), { [customFetch]: this.#fetch });
    } catch (thrown) {
      throw away(thrown);
    }
  }
}

/** Finds where a provider publishes its keys (OpenID Connect Discovery 1.0, section 4). */
async function discover(read: Fetch, issuer: string): Promise<string> {
  const path = '.well-known/openid-configuration';
  const response = await read(`${issuer.replace(/\/$/, '')}/${path}`);
  if (response.status !== 200) throw new Error(`the provider has answered ${response.status}`);
  const { issuer: said, jwks_uri: keys } = (await response.json()) as Record<string, unknown>;
  if (said !== issuer) throw new Error('the configuration is of another issuer');
  if (typeof keys !== 'string') throw new Error('the configuration does not say where keys are');
  await requireKeysPlace(issuer, keys);
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
