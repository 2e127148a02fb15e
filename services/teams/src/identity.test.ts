// Goal: who logs in elsewhere is who they are here, and nobody else is.
// Method: a real OpenID provider, whose ID tokens come by the same flow as anybody's.

import assert from 'node:assert/strict';
import { verifyChain } from '@ramet/database';
import type { HistoryEntry } from '@ramet/proto-gen/history.v1';
import { IdentityProviderChanged, IdentityProviderKind, TeamRole } from '@ramet/proto-gen/teams.v1';
import { idToken, nonceOf, partOf, startTestOidc, type TestOidc } from '@ramet/test/support';
import { type Api, createTeam, type House, openHouse } from './test-house.js';
import type { TestUser } from './testing.js';

const INVALID = { code: 'UNAUTHENTICATED', reason: 'CREDENTIAL_INVALID' };

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
    // Of one token there are other texts that a lenient reader takes, too.
    for (const text of [token, `${token} `, `${token}\n`, `${token}==`, otherBitsOf(token)]) {
      await assert.rejects(logIn(text), INVALID);
    }
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
    const nonce = nonceOf(token);
    for (const each of forged) await assert.rejects(logIn(each, nonce), INVALID, each);
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

  it('lets nobody in who is disabled (T4)', async () => {
    oidc.becomes('leaves');
    const { id: userId } = await house.teams.createUser('leaves');
    await admin.identityProviders.linkIdentity({ providerId, subject: 'leaves', userId });
    await logIn(await idToken(oidc));
    await admin.users.disableUser({ id: userId, reason: 'left' });
    await assert.rejects(logIn(await idToken(oidc)), INVALID);
  });

  it('makes users of who comes for the first time, if it is to, and once', async () => {
    const other = await startTestOidc();
    try {
      await create({ name: 'open', issuer: other.issuer, autoCreate: true });
      other.becomes('1234', { preferred_username: 'Grace Hopper' });
      const logins = await Promise.all(
        Array.from({ length: 3 }, async () => logIn(await idToken(other))),
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

  it('is trusted as far as an administrator has changed it to', async () => {
    const id = await create({ name: 'changing', audience: 'nobody' });
    const listed = async () => {
      const { identityProviders } = await admin.identityProviders.listIdentityProviders({});
      return identityProviders.find((each) => each.id === id) ?? assert.fail('it is gone');
    };
    const before = await listed();
    const nothing = {
      id,
      audience: '',
      algorithms: [],
      autoCreate: undefined,
      rules: [],
      etag: '',
    };
    const update = (change: Partial<typeof nothing> | { readonly autoCreate: boolean }) =>
      admin.identityProviders.updateIdentityProvider({ ...nothing, ...change });

    await update({ etag: before.etag, audience: 'else', algorithms: ['RS256'] as never });
    const after = await listed();
    assert.deepEqual([after.audience, after.algorithms], ['else', ['RS256']]);
    assert.deepEqual(
      [after.name, after.issuer, after.kind],
      ['changing', oidc.issuer, before.kind],
    );
    assert.notEqual(after.etag, before.etag);

    await assert.rejects(update({ etag: before.etag }), { code: 'ABORTED', reason: 'ETAG_STALE' });
    // There is one of this issuer and audience already.
    const taken = { code: 'ALREADY_EXISTS', reason: 'NAME_TAKEN' };
    await assert.rejects(update({ audience: oidc.clientId }), taken);
    const rule = { subject: 'x', claims: [], userId: ada.id, scopes: ['clones.*'] };
    await assert.rejects(update({ rules: [rule] as never }), { reason: 'REQUEST_INVALID' });
    assert.deepEqual(await listed(), after);

    await update({ autoCreate: true });
    assert.equal((await listed()).autoCreate, true);
    await admin.identityProviders.deleteIdentityProvider({ id });
    await assert.rejects(update({ audience: 'gone' }), { code: 'NOT_FOUND' });
  });

  it('has its logins end when it takes other tokens, and by no other change (T8)', async () => {
    await using other = await startTestOidc();
    const id = await create({ name: 'turned', issuer: other.issuer, autoCreate: true });
    const change = { id, audience: '', algorithms: [], autoCreate: undefined, rules: [], etag: '' };
    other.becomes('turned');
    let login = await logIn(await idToken(other));
    await admin.identityProviders.updateIdentityProvider({ ...change, autoCreate: false });
    login = await open.tokens.refreshToken(login);

    const algorithms = ['RS256'];
    await admin.identityProviders.updateIdentityProvider({ ...change, algorithms });
    await assert.rejects(open.tokens.refreshToken(login), INVALID);
    login = await logIn(await idToken(other));
    await admin.identityProviders.updateIdentityProvider({ ...change, audience: 'another' });
    await assert.rejects(open.tokens.refreshToken(login), INVALID);
  });

  it('has all that administrators say of it, and who comes first, in the history', async () => {
    const other = await startTestOidc();
    const id = await create({ name: 'told', issuer: other.issuer, autoCreate: true });
    const change = { id, audience: '', algorithms: [], rules: [], etag: '' };
    await admin.identityProviders.updateIdentityProvider({ ...change, autoCreate: true });
    const wish = { providerId: id, subject: 'told', userId: ada.id };
    const { identity } = await admin.identityProviders.linkIdentity(wish);
    other.becomes('first');
    await logIn(await idToken(other));
    for (let time = 0; time < 2; time += 1) {
      await admin.identityProviders.unlinkIdentity({ id: identity?.id ?? '' });
    }
    for (let time = 0; time < 2; time += 1) {
      await admin.identityProviders.deleteIdentityProvider({ id });
    }
    await other[Symbol.asyncDispose]();

    const told = await historyOf(id, 6);
    const root = `user:${(await house.teams.admin()).id}`;
    assert.deepEqual(
      told.map(({ kind, actor }) => [kind.replace('identity_provider.', ''), actor]),
      [
        ['created', root],
        ['changed', root],
        ['identity_linked', root],
        ['identity_linked', `identity_provider:${id}`],
        ['identity_unlinked', root],
        ['deleted', root],
      ],
    );
    const said = told.map(({ payload }) => IdentityProviderChanged.decode(payload));
    assert.ok(said.every(({ identityProvider }) => identityProvider?.id === id));
    assert.deepEqual(said[2]?.identity, identity);
    assert.deepEqual(said[4]?.identity, identity);
    assert.equal(said[3]?.identity?.subject, 'first');
    const links = told.map((entry) => ({
      ...{ aggregate: entry.aggregateId, seq: entry.seq, payload: entry.payload },
      ...{ prevHash: Buffer.from(entry.prevHash), hash: Buffer.from(entry.hash) },
    }));
    assert.equal(verifyChain(links), undefined);
  });

  it('that is deleted is trusted no more', async () => {
    oidc.becomes('ada-there');
    const { token } = await logIn(await idToken(oidc));
    await admin.identityProviders.deleteIdentityProvider({ id: providerId });
    await assert.rejects(logIn(await idToken(oidc)), INVALID);
    await untilRevoked(house.as(token));
  });

  /** The history of a provider, once it has so many entries. */
  async function historyOf(id: string, count: number): Promise<readonly HistoryEntry[]> {
    const { history } = await house.asService('lifecycle');
    for (;;) {
      const { entries } = await history.readHistory({ after: 0n, pageSize: 1_000 });
      const own = entries.filter(({ aggregateId }) => aggregateId === id);
      if (own.length >= count) return own;
    }
  }

  async function create(wish: {
    name: string;
    issuer?: string;
    audience?: string;
    autoCreate?: boolean;
  }) {
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

  function logIn(token: string, nonce = nonceOf(token)) {
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

  it('has a job exchange its ID token again, as its steps share nothing else', async () => {
    oidc.becomes('repo:acme/app:ref:refs/heads/main', { environment: 'production' });
    const identityToken = await idToken(oidc);
    const { tokens } = house.as('');
    const one = await tokens.exchangeIdentityToken({ identityToken });
    const other = await tokens.exchangeIdentityToken({ identityToken });
    assert.notEqual(one.token, other.token);
  });

  it('has no job stand for a user who is disabled (T4)', async () => {
    oidc.becomes('repo:acme/app:ref:refs/heads/main', { environment: 'production' });
    await admin.users.disableUser({ id: robot.id, reason: 'no more builds' });
    await assert.rejects(exchange(), INVALID);
    await admin.users.enableUser({ id: robot.id });
    await exchange();
  });

  it('has no job stand for a service account of a team that was deleted (T4)', async () => {
    const owner = house.as((await house.teams.createUser('short')).token);
    const team = await createTeam(owner, 'short-lived');
    const { serviceAccount } = await owner.accounts.createServiceAccount({
      ...{ requestId: '', teamId: team.id, name: 'builder', role: TeamRole.MEMBER },
    });
    const subject = 'repo:acme/short:ref:refs/heads/main';
    const builds = { ...rule({}), subject, claims: [], userId: serviceAccount?.id ?? '' };
    const other = await startTestOidc();
    await admin.identityProviders.createIdentityProvider({
      ...{ name: 'short', kind: IdentityProviderKind.CI, issuer: other.issuer },
      ...{ audience: other.clientId, algorithms: ['RS256'], autoCreate: false, rules: [builds] },
    });
    other.becomes(subject);
    const { tokens } = house.as('');
    const exchangeOther = async () =>
      tokens.exchangeIdentityToken({ identityToken: await idToken(other) });

    const { token } = await exchangeOther();
    await owner.teams.deleteTeam({ id: team.id, etag: '' });
    await assert.rejects(exchangeOther(), INVALID);
    await untilRevoked(house.as(token));
    await other[Symbol.asyncDispose]();
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
    ['a rule for what is no action', { scopes: ['clones.gett'] }],
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

/** The token with other bits where base64url has some to spare: after the end of its signature. */
function otherBitsOf(token: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = digits.indexOf(token.slice(-1));
  return `${token.slice(0, -1)}${digits[last ^ 1]}`;
}
