import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto';
import type { Jwk } from '@ramet/rpc';

/** What makes tokens for a benchmark, in the place of teams. */
export interface Issuer {
  readonly jwk: Jwk;
  /** A token of the claims given, good for an hour. */
  token(claims: Readonly<Record<string, unknown>>): string;
}

const HOUR_SECONDS = 3_600;

/** Makes an issuer with a key of its own, or with the PKCS8 given. */
export function createIssuer(pkcs8: string = newKey()): Issuer & { readonly pkcs8: string } {
  const key = createPrivateKey(pkcs8);
  const { kty, crv, x } = createPublicKey(key).export({ format: 'jwk' });
  // Its thumbprint (RFC 7638), as teams names its keys.
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
  const jwk = { kty, crv, x, kid } as Jwk;
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    pkcs8,
    jwk,
    token(claims) {
      const now = Math.floor(Date.now() / 1_000);
      const all = {
        ...{ iss: 'ramet', aud: 'ramet', iat: now, exp: now + HOUR_SECONDS, jti: 'bench' },
        ...claims,
      };
      const head = { alg: 'EdDSA', typ: 'at+jwt', kid };
      const text = `${part(head)}.${part(all)}`;
      return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
    },
  };
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
