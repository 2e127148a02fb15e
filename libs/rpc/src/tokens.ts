import { PublicError, unavailable } from '@ramet/errors';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { ANONYMOUS, type Binding, type Caller, type CallMetadata } from './call.js';
import type { Authenticate } from './endpoint.js';
import { type Jwk, KeyRing } from './key-ring.js';
import { type Clock, machineClock } from './ports.js';
import { FRESH_MS, type Revocations, tokenRevoked } from './revocations.js';

/** Whose tokens are accepted. */
export interface VerifierOptions {
  readonly issuer: string;
  readonly audience: string;
  /** Reads the issuer's public keys. Asked again when a token names a key that is not known. */
  readonly keys: () => Promise<readonly Jwk[]>;
  /** Whose tokens are not accepted any more. Looked at on every call of a user. */
  readonly revocations?: Revocations;
  readonly clock?: Clock;
}

interface Verified {
  readonly caller: Caller;
  readonly expiresAtMs: number;
  /** What it was verified with: once that is withdrawn, it is not good any more. */
  readonly keyId: string;
}

const MAX_CACHED = 10_000;
const MAX_TOKEN_CHARS = 4_096;
/** The longest that the issuer makes a token for. What was revoked is known for twice as long. */
const MAX_LIFE_SECONDS = 3_600;
/** How far the issuer's clock may be ahead of this one: what Kerberos allows, five minutes. */
const MAX_SKEW_SECONDS = 300;
const USER_ID = /^[\w.:-]{1,128}$/;

/**
 * Makes the function that proves who is calling by the token in a call's metadata.
 *
 * It takes EdDSA signed access tokens only (RFC 9068), whatever a token says of itself. No token
 * makes an anonymous caller; a bad one throws TOKEN_INVALID, TOKEN_EXPIRED or TOKEN_REVOKED, and
 * PEER_UNAVAILABLE if it cannot be known whether it was revoked.
 */
export function createVerifier(options: VerifierOptions): Authenticate {
  if (options.issuer === '') throw new Error('a verifier needs an issuer');
  if (options.audience === '') throw new Error('a verifier needs an audience');
  const clock = options.clock ?? machineClock;
  const keys = new KeyRing(options.keys, clock);
  const cache = new Map<string, Verified>();
  const pending = new Map<string, Promise<Verified>>();

  const verify = async (header: string): Promise<Verified> => {
    const { payload, keyId } = await readToken(tokenIn(header), keys, options, clock);
    requireShort(payload, clock.now());
    const expiresAtMs = (payload.exp ?? 0) * 1_000;
    const verified = { caller: callerOf(payload), expiresAtMs, keyId };
    remember(cache, header, verified);
    return verified;
  };

  const { revocations } = options;
  const accepted = ({ caller }: Verified, metadata: CallMetadata): Caller | Promise<Caller> => {
    // Services and workloads lose what they may by other means: the epoch, the grant, their key.
    if (!revocations || caller.kind !== 'user') return actingFor(caller, metadata);
    if (revocations.isRevoked(caller)) throw tokenRevoked();
    return revocations.isFresh() ? caller : askAbout(caller, revocations, clock);
  };

  const authenticate = (metadata: CallMetadata): Caller | Promise<Caller> => {
    const header = metadata.get('authorization');
    if (header === undefined) return ANONYMOUS;

    const known = cache.get(header);
    const isGood = known && known.expiresAtMs > clock.now().getTime() && keys.has(known.keyId);
    if (isGood) return accepted(known, metadata);
    cache.delete(header);

    const running = pending.get(header) ?? verify(header).finally(() => pending.delete(header));
    pending.set(header, running);
    return running.then((verified) => accepted(verified, metadata));
  };
  return Object.assign(authenticate, { revocations });
}

/**
 * While it is not known well enough who was revoked, no call goes on that was not asked about.
 *
 * What was learnt meanwhile counts as well. An answer that took longer than news may take says too
 * little: then it must be known after all.
 */
async function askAbout(caller: Caller, revocations: Revocations, clock: Clock): Promise<Caller> {
  const askedAt = clock.elapsed();
  if (await revocations.ask(caller)) throw tokenRevoked();
  if (revocations.isRevoked(caller)) throw tokenRevoked();
  const isLate = clock.elapsed() - askedAt > FRESH_MS;
  if (isLate && !revocations.isFresh()) throw unavailable('teams', 'the answer came too late');
  return caller;
}

function tokenIn(header: string): string {
  const [, token] = /^Bearer ([\w.~+/=-]+)$/i.exec(header) ?? [];
  if (token === undefined || token.length > MAX_TOKEN_CHARS) throw malformed();
  if (!isCanonical(token.slice(token.lastIndexOf('.') + 1))) throw malformed();
  return token;
}

/** One signature has one text: bits that base64url leaves over could make others of it. */
function isCanonical(signature: string): boolean {
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

async function readToken(
  token: string,
  keys: KeyRing,
  { issuer, audience }: VerifierOptions,
  clock: Clock,
): Promise<{ readonly payload: JWTPayload; readonly keyId: string }> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, ({ kid }) => keys.get(kid ?? ''), {
      algorithms: ['EdDSA'],
      typ: 'at+jwt',
      issuer,
      audience,
      requiredClaims: ['exp', 'iat', 'sub', 'jti'],
      currentDate: clock.now(),
    });
    return { payload, keyId: protectedHeader.kid ?? '' };
  } catch (thrown) {
    if (thrown instanceof PublicError) throw thrown;
    if (thrown instanceof errors.JWTExpired) {
      throw refusal('TOKEN_EXPIRED', 'the token has expired');
    }
    throw malformed(thrown);
  }
}

/** Throws TOKEN_INVALID if a token is good for longer than the issuer makes any. */
function requireShort({ iat = 0, exp = 0 }: JWTPayload, now: Date): void {
  const isEarly = iat > now.getTime() / 1_000 + MAX_SKEW_SECONDS;
  if (isEarly || exp - iat > MAX_LIFE_SECONDS) throw malformed();
}

function callerOf(claims: JWTPayload): Caller {
  const { sub = '', jti = '', kind } = claims;
  const isNamed = typeof sub === 'string' && USER_ID.test(sub) && typeof jti === 'string';
  if (!isNamed) throw malformed();
  const common = { id: sub, tokenId: jti, admin: false };
  switch (kind) {
    case 'user':
      return { ...common, kind, admin: claims.adm === true, ...madeOf(claims) };
    case 'service':
      return { ...common, kind };
    case 'workload':
      return { ...common, kind, workload: workloadOf(claims) };
    default:
      throw malformed();
  }
}

/** What a user's token says of its own making. What is not there is not limited. */
function madeOf({
  scp,
  crd,
  ver,
  bnd,
}: JWTPayload): Pick<Caller, 'scopes' | 'credentialIds' | 'version' | 'binding'> {
  if (ver !== undefined && !Number.isSafeInteger(ver)) throw malformed();
  return {
    ...(scp !== undefined && { scopes: textsOf(scp) }),
    ...(crd !== undefined && { credentialIds: textsOf(crd) }),
    ...(ver !== undefined && { version: Number(ver) }),
    ...(bnd !== undefined && { binding: bindingOf(bnd) }),
  };
}

function bindingOf(claim: unknown): Binding {
  const { tgt, own, rid } = (claim ?? {}) as Readonly<Record<string, unknown>>;
  const isBinding = typeof tgt === 'string' && typeof own === 'string' && typeof rid === 'string';
  if (!isBinding || (tgt === '') === (own === '') || rid === '') throw malformed();
  return { targetId: tgt, ownerId: own, requestId: rid };
}

function textsOf(claim: unknown): readonly string[] {
  if (!Array.isArray(claim)) throw malformed();
  return claim.map((text: unknown) => {
    if (typeof text !== 'string') throw malformed();
    return text;
  });
}

function workloadOf({ cln, exe, epo }: JWTPayload): NonNullable<Caller['workload']> {
  if (typeof cln !== 'string' || typeof exe !== 'string' || !Number.isSafeInteger(epo)) {
    throw malformed();
  }
  return { cloneId: cln, executionId: exe, epoch: Number(epo) };
}

/** A service may act for a user where that user's right is at stake; nobody else may. */
function actingFor(caller: Caller, metadata: CallMetadata): Caller {
  if (caller.kind !== 'service') return caller;
  const user = metadata.get('x-on-behalf-of');
  if (user === undefined) return caller;
  if (!USER_ID.test(user)) throw malformed();
  return { ...caller, onBehalfOf: user };
}

function remember(cache: Map<string, Verified>, header: string, verified: Verified): void {
  cache.set(header, verified);
  if (cache.size <= MAX_CACHED) return;
  const [oldest] = cache.keys();
  if (oldest !== undefined) cache.delete(oldest);
}

function malformed(cause?: unknown): PublicError {
  return refusal('TOKEN_INVALID', 'the token is not valid', cause);
}

function refusal(reason: string, message: string, cause?: unknown): PublicError {
  return new PublicError('unauthenticated', reason, message, { cause });
}
