// Goal: who logs in elsewhere is who they are here, and nobody else is.
// Method: a real OpenID provider, whose ID tokens come by the same flow as anybody's.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { IdentityProviderKind } from '@ramet/proto-gen/teams.v1';
import { startTestOidc, type TestOidc } from '@ramet/test/support';
import { type Api, type House, openHouse } from './test-house.js';
import type { TestUser } from './testing.js';

const INVALID = { code: 'UNAUTHENTICATED', reason: 'CREDENTIAL_INVALID' };
const REDIRECT = 'http://127.0.0.1:4999/callback';
const NONCE = 'a nonce of the test';

describe('an identity provider of people', () => {
  let house: House;
  let oidc: TestOidc;
  let admin: Api;
  let open: Api;
  let ada: TestUser;
  let providerId: string;

  before(async () => {
    house = await openHouse();
    oidc = await startTestOidc();
    admin = await house.asAdmin();
    open = house.as('');
    ada = await house.teams.createUser('ada');
    providerId = await create({ name: 'people' });
  });
  after(async () => {
    await oidc[Symbol.asyncDispose]();
    await house[Symbol.asyncDispose]();
  });

  it('tells where one logs in', async () => {
    const { issuer, clientId } = await open.tokens.getLoginProvider({ name: 'people' });
    assert.deepEqual({ issuer, clientId }, { issuer: oidc.issuer, clientId: oidc.clientId });
  });

  it('says nothing of who is no user here, and then of whom an administrator links', async () => {
    oidc.becomes('ada-there');
    await assert.rejects(logIn(await idToken(oidc)), {
      code: 'PERMISSION_DENIED',
      reason: 'IDENTITY_NOT_LINKED',
    });

    await link('ada-there');
    const { token, refreshToken } = await logIn(await idToken(oidc));
    const { user } = await house.as(token).users.getUser({ id: '' });
    assert.equal(user?.id, ada.id);
    await open.tokens.refreshToken({ refreshToken });
  });

  it('links an identity to one user', async () => {
    await link('twice');
    await assert.rejects(link('twice'), { code: 'ALREADY_EXISTS', reason: 'IDENTITY_LINKED' });
  });

  it('has its ID tokens used once, with their own nonce (T16)', async () => {
    oidc.becomes('once');
    await link('once');
    const token = await idToken(oidc);
    await assert.rejects(logIn(token, 'another nonce, as long'), INVALID);
    await logIn(token);
    await assert.rejects(logIn(token), INVALID);
  });

  it('lets no token in that is for another client (T8)', async () => {
    oidc.becomes('ada-there');
    await assert.rejects(logIn(await idToken(oidc, { client: 'another' })), INVALID);
  });

  it('lets no token in that was changed (T9)', async () => {
    const token = await idToken(oidc);
    const [header = '', body = '', signature = ''] = token.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    const other = Buffer.from(JSON.stringify({ ...partOf(body), sub: 'once' })).toString(
      'base64url',
    );
    const forged = [
      `${none}.${body}.`,
      `${header}.${other}.${signature}`,
      `${header}.${body}.${signature.slice(0, -4)}AAAA`,
      `${header}.${body}`,
      'x',
      '..',
    ];
    for (const each of forged) await assert.rejects(logIn(each), INVALID, each);
  });

  it('is no provider of CI, and its tokens are not exchanged', async () => {
    const identityToken = await idToken(oidc);
    await assert.rejects(open.tokens.exchangeIdentityToken({ identityToken }), INVALID);
  });

  it('has the tokens of an identity revoked with it', async () => {
    oidc.becomes('gone');
    const id = await link('gone');
    const { token, refreshToken } = await logIn(await idToken(oidc));
    await house.as(token).users.getUser({ id: '' });
    await admin.identityProviders.unlinkIdentity({ id });

    await assert.rejects(open.tokens.refreshToken({ refreshToken }), INVALID);
    await untilRevoked(house.as(token));
    const { identities } = await admin.identityProviders.listIdentities({ userId: ada.id });
    assert.ok(identities.every((each) => each.id !== id));
  });

  it('makes users of who comes for the first time, if it is to, and once', async () => {
    const other = await startTestOidc();
    try {
      await create({ name: 'open', issuer: other.issuer, autoCreate: true });
      other.becomes('1234', { preferred_username: 'Grace Hopper' });
      const logins = await Promise.all(
        ['one', 'two', 'three'].map(async (name) => {
          const nonce = `the nonce of login ${name}`;
          return logIn(await idToken(other, { nonce }), nonce);
        }),
      );
      const users = await Promise.all(
        logins.map(async ({ token }) => (await house.as(token).users.getUser({ id: '' })).user),
      );
      assert.equal(new Set(users.map((user) => user?.id)).size, 1);
      assert.match(users[0]?.name ?? '', /^grace-hopper-[0-9a-z]{8}$/);
      assert.equal(users[0]?.admin, false);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  it('that is away is waited for', async () => {
    const away = await startTestOidc();
    await create({ name: 'away', issuer: away.issuer });
    const token = await idToken(away);
    await away[Symbol.asyncDispose]();
    await assert.rejects(logIn(token), { code: 'UNAVAILABLE', reason: 'PEER_UNAVAILABLE' });
  });

  it('that is deleted is trusted no more', async () => {
    oidc.becomes('ada-there');
    const { token } = await logIn(await idToken(oidc));
    await admin.identityProviders.deleteIdentityProvider({ id: providerId });
    await assert.rejects(logIn(await idToken(oidc)), INVALID);
    await untilRevoked(house.as(token));
  });

  async function create(wish: { name: string; issuer?: string; autoCreate?: boolean }) {
    const { identityProvider } = await admin.identityProviders.createIdentityProvider({
      ...{ kind: IdentityProviderKind.PEOPLE, issuer: oidc.issuer, audience: oidc.clientId },
      ...{ algorithms: [], autoCreate: false, rules: [] },
      ...wish,
    });
    return identityProvider?.id ?? '';
  }

  async function link(subject: string): Promise<string> {
    const wish = { providerId, subject, userId: ada.id };
    return (await admin.identityProviders.linkIdentity(wish)).identity?.id ?? '';
  }

  function logIn(token: string, nonce = NONCE) {
    return open.tokens.logIn({ credential: { $case: 'identity', value: { token, nonce } } });
  }
});

describe('an identity provider of CI', () => {
  let house: House;
  let oidc: TestOidc;
  let admin: Api;
  let robot: TestUser;

  before(async () => {
    house = await openHouse();
    oidc = await startTestOidc();
    admin = await house.asAdmin();
    robot = await house.teams.createUser('robot');
    await admin.identityProviders.createIdentityProvider({
      ...{ name: 'ci', kind: IdentityProviderKind.CI, issuer: oidc.issuer },
      ...{ audience: oidc.clientId, algorithms: ['RS256'], autoCreate: false },
      rules: [rule({ scopes: ['users.get'] })],
    });
  });
  after(async () => {
    await oidc[Symbol.asyncDispose]();
    await house[Symbol.asyncDispose]();
  });

  it('has its jobs stand for a user, for what the rule says', async () => {
    oidc.becomes('repo:acme/app:ref:refs/heads/main', { environment: 'production' });
    const api = house.as(await exchange());
    assert.equal((await api.users.getUser({ id: '' })).user?.id, robot.id);
    await assert.rejects(api.teams.createTeam({ requestId: '', name: 'wide' }), {
      reason: 'SCOPE_MISSING',
    });
  });

  for (const [what, subject, claims] of [
    ['of another branch', 'repo:acme/app:ref:refs/heads/test', { environment: 'production' }],
    ['of another owner', 'repo:acme-evil/app:ref:refs/heads/main', { environment: 'production' }],
    ['for another environment', 'repo:acme/app:ref:refs/heads/main', { environment: 'test' }],
    ['for no environment', 'repo:acme/app:ref:refs/heads/main', {}],
  ] as const) {
    it(`has jobs ${what} stand for nobody`, async () => {
      oidc.becomes(subject, claims);
      await assert.rejects(exchange(), INVALID);
    });
  }

  for (const [what, wish] of [
    ['a rule without scopes', { scopes: [] }],
    ['a rule for any subject', { subject: '*' }],
    ['a rule that begins with anything', { subject: '*:main' }],
  ] as const) {
    it(`is refused with ${what}`, async () => {
      const create = admin.identityProviders.createIdentityProvider({
        ...{ name: 'loose', kind: IdentityProviderKind.CI, issuer: 'https://loose.example.com' },
        ...{ audience: 'ramet', algorithms: [], autoCreate: false, rules: [rule(wish)] },
      });
      await assert.rejects(create, { reason: 'REQUEST_INVALID' });
    });
  }

  function rule(wish: { subject?: string; scopes?: readonly string[] }) {
    return {
      subject: 'repo:acme/*:ref:refs/heads/main',
      claims: [{ name: 'environment', pattern: 'production' }],
      userId: robot.id,
      scopes: ['users.get'],
      ...wish,
    };
  }

  async function exchange(): Promise<string> {
    const identityToken = await idToken(oidc);
    return (await house.as('').tokens.exchangeIdentityToken({ identityToken })).token;
  }
});

/** Logs in as anybody would: with a code, PKCE, and a browser that keeps its cookies. */
async function idToken(
  { issuer, clientId }: TestOidc,
  { client = clientId, nonce = NONCE }: { client?: string; nonce?: string } = {},
): Promise<string> {
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

/** Follows redirects with cookies, until one leads to the client. */
async function browse(from: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(from);
  while (!url.href.startsWith(REDIRECT)) {
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

/** Waits until a token is refused: the replica hears of it at once, but not before the answer. */
async function untilRevoked({ users }: Api): Promise<void> {
  for (;;) {
    const thrown = await users.getUser({ id: '' }).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!thrown) continue;
    assert.equal((thrown as { readonly reason?: string }).reason, 'TOKEN_REVOKED');
    return;
  }
}

function partOf(text: string): object {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as object;
}
