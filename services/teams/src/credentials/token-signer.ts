import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Secret } from '@ramet/config';
import type { Jwk } from '@ramet/rpc';
import type { Clock, Ids } from '@ramet/service';
import { calculateJwkThumbprint, SignJWT } from 'jose';
import type { Identity, SignedToken, UserIdentity } from '../domain/identity.js';

const ISSUER = 'ramet';
const AUDIENCE = 'ramet';
const ALGORITHM = 'EdDSA';
const PEM = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/g;

/** Makes the tokens of the mesh, and publishes what they are verified with. */
export interface TokenSigner {
  /** Makes a token that is good for as long as all are, or for less. */
  sign(identity: Identity, maxSeconds?: number): Promise<SignedToken>;
  /** The public keys: of the key that signs, and of those before or after it. */
  readonly publicKeys: readonly PublicKey[];
}

interface TokenSignerOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  /** For how long a token is good: what its owner has lost is felt everywhere after that. */
  readonly lifeSeconds: number;
}

/** Makes tokens with one key. */
export interface KeySigner {
  readonly publicKey: PublicKey;
  /** Makes a token that is good for as long as all are, or for less. */
  sign(identity: Identity, maxSeconds?: number): Promise<SignedToken>;
}

/** A public key that tokens are verified with. */
export interface PublicKey {
  /** The `kid` in the header of tokens: the key's thumbprint (RFC 7638). */
  readonly id: string;
  readonly algorithm: string;
  readonly jwk: Jwk;
}

/** A public key, and for how long it has been published by the clock of the database. */
export interface PublishedKey extends PublicKey {
  readonly ageMs: number;
}

/** The issuer and audience that every token of the mesh names. */
export const TOKEN_NAMES = { issuer: ISSUER, audience: AUDIENCE };

/**
 * Makes the signers of Ed25519 private keys, PKCS #8 as PEM, one after the other in a file.
 *
 * All are published, so that a key may be put in before it signs, and stay until the last token of it
 * has ended.
 */
export async function createKeySigners(
  keys: Secret,
  options: TokenSignerOptions,
): Promise<readonly KeySigner[]> {
  const signers = await Promise.all(readKeys(keys).map((key) => keySigner(key, options)));
  if (signers.length === 0) throw new Error('the token key file has no private key');
  return signers;
}

/** Makes the signer of which the first key of a file signs. */
export async function createTokenSigner(
  keys: Secret,
  options: TokenSignerOptions,
): Promise<TokenSigner> {
  const signers = await createKeySigners(keys, options);
  const publicKeys = signers.map(({ publicKey }) => publicKey);
  return {
    publicKeys,
    async sign(identity, maxSeconds) {
      const [first] = signers;
      if (!first) throw new Error('there is no key that signs tokens');
      return first.sign(identity, maxSeconds);
    },
  };
}

async function keySigner(
  privateKey: KeyObject,
  { clock, ids, ...options }: TokenSignerOptions,
): Promise<KeySigner> {
  const publicKey = await publish(privateKey);
  const header = { alg: ALGORITHM, typ: 'at+jwt', kid: publicKey.id };
  return {
    publicKey,
    async sign(identity, maxSeconds = options.lifeSeconds) {
      const issuedAt = Math.floor(clock.now().getTime() / 1_000);
      const lifeSeconds = Math.min(maxSeconds, options.lifeSeconds);
      const expiresAt = issuedAt + lifeSeconds;
      const id = ids.make('tok');
      const text = await new SignJWT(claimsOf(identity))
        .setProtectedHeader(header)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setJti(id)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(privateKey);
      return { id, text, expiresAt: new Date(expiresAt * 1_000), lifeSeconds };
    },
  };
}

function claimsOf(identity: Identity): Readonly<Record<string, unknown>> {
  switch (identity.kind) {
    case 'user':
      return userClaims(identity);
    case 'service':
      return { sub: identity.name, kind: 'service', adm: false };
    case 'workload': {
      const { cloneId, executionId, epoch } = identity;
      const bound = { cln: cloneId, exe: executionId, epo: epoch };
      return { sub: executionId, kind: 'workload', adm: false, ...bound };
    }
  }
}

function userClaims({ id, admin, version, credentialIds, scopes, binding }: UserIdentity) {
  return {
    ...{ sub: id, kind: 'user', adm: admin },
    ...(version !== undefined && { ver: version }),
    ...(credentialIds && { crd: credentialIds }),
    ...(scopes && scopes.length > 0 && { scp: scopes }),
    ...(binding && {
      bnd: { tgt: binding.targetId, own: binding.ownerId, rid: binding.requestId },
    }),
  };
}

/** The parser's own words are left out: nothing of a key may get into a log. */
function readKeys(keys: Secret): readonly KeyObject[] {
  return [...keys.text().matchAll(PEM)].map(([pem]) => {
    const key = parse(pem);
    if (key?.asymmetricKeyType !== 'ed25519') {
      throw new Error('the token key file must have Ed25519 keys, PKCS #8 as PEM');
    }
    return key;
  });
}

function parse(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

async function publish(key: KeyObject): Promise<PublicKey> {
  const { kty, crv, x } = createPublicKey(key).export({ format: 'jwk' });
  if (!kty || !crv || !x) throw new Error('a token key has no public part');
  const id = await calculateJwkThumbprint({ kty, crv, x });
  return { id, algorithm: ALGORITHM, jwk: { kty, crv, x, kid: id, alg: ALGORITHM, use: 'sig' } };
}
