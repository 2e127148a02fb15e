import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { TestOidc } from './oidc.js';

const REDIRECT = 'http://127.0.0.1:4999/callback';

/** Logs in as anybody would: with a code, PKCE, and a browser that keeps its cookies. */
export async function idToken(
  { issuer, clientId }: TestOidc,
  { client = clientId }: { client?: string } = {},
): Promise<string> {
  const nonce = randomBytes(16).toString('base64url');
  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    ...{ client_id: client, response_type: 'code', scope: 'openid', nonce, state: 'x' },
    ...{ redirect_uri: REDIRECT, code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  });
  const back = await browse(`${issuer}/auth?${asked}`);
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', client_id: client, redirect_uri: REDIRECT },
      ...{ code: back.searchParams.get('code') ?? '', code_verifier: verifier },
    }),
  });
  const { id_token: token } = (await response.json()) as { readonly id_token?: string };
  assert.ok(token, `no ID token came from ${back.href}`);
  return token;
}

/** Follows redirects with cookies, until one leads to the client at `redirect`. */
export async function browse(from: string, redirect = REDIRECT): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(from);
  while (!url.href.startsWith(redirect)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const next = response.headers.get('location');
    assert.ok(next, `${url.href} has answered ${response.status}: ${await response.text()}`);
    url = new URL(next, url);
  }
  return url;
}

/** The nonce that an ID token was asked for with. */
export function nonceOf(token: string): string {
  const claims = partOf(token.split('.')[1] ?? '') as { readonly nonce?: string };
  return claims.nonce ?? '';
}

/** Reads a part of a token. */
export function partOf(text: string): object {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as object;
}
