// Goal: a login goes on as long as one holds on to it, and ends with whoever steals it.
// Method: the real service; the clock of its database is moved by moving what lies in it.

import assert from 'node:assert/strict';
import { openDatabase } from '@ramet/database';
import { RefreshTokenReused } from '@ramet/proto-gen/teams.v1';
import { type Api, type House, openHouse } from './test-house.js';
import type { TestUser } from './testing.js';

const REFUSED = { code: 'UNAUTHENTICATED', reason: 'CREDENTIAL_INVALID' };

describe('a login', () => {
  let house: House;
  let ada: TestUser;
  let open: Api;

  before(async () => {
    house = await openHouse();
    ada = await house.teams.createUser('ada');
    open = house.as('');
  });
  after(() => house[Symbol.asyncDispose]());

  it('goes on from one refresh token to the next', async () => {
    let { token, refreshToken } = await logIn();
    for (let round = 0; round < 3; round += 1) {
      const { user } = await house.as(token).users.getUser({ id: '' });
      assert.equal(user?.id, ada.id);
      const next = await open.tokens.refreshToken({ refreshToken });
      assert.notEqual(next.refreshToken, refreshToken);
      assert.notEqual(next.token, token);
      ({ token, refreshToken } = next);
    }
  });

  it('gives all who come together with one token the same next one', async () => {
    const { refreshToken } = await logIn();
    const all = await Promise.all(
      Array.from({ length: 8 }, () => open.tokens.refreshToken({ refreshToken })),
    );
    assert.equal(new Set(all.map((each) => each.refreshToken)).size, 1);
    await open.tokens.refreshToken({ refreshToken: all[0]?.refreshToken ?? '' });
  });

  it('ends when a used token is shown too late (T16)', async () => {
    const { refreshToken } = await logIn();
    const next = await open.tokens.refreshToken({ refreshToken });
    await sql(`update refresh_token set used_at = used_at - interval '31 seconds'`);

    await assert.rejects(open.tokens.refreshToken({ refreshToken }), REFUSED);
    await assert.rejects(open.tokens.refreshToken({ refreshToken: next.refreshToken }), REFUSED);
  });

  it('ends when a token is shown whose next one was used too (T16)', async () => {
    const { refreshToken } = await logIn();
    const second = await open.tokens.refreshToken({ refreshToken });
    const third = await open.tokens.refreshToken({ refreshToken: second.refreshToken });

    await assert.rejects(open.tokens.refreshToken({ refreshToken }), REFUSED);
    await assert.rejects(open.tokens.refreshToken({ refreshToken: third.refreshToken }), REFUSED);
  });

  it('takes no variant of a token for it, and goes on (T16)', async () => {
    const { refreshToken } = await logIn();
    const variants = [
      ` ${refreshToken}`,
      `${refreshToken} `,
      `${refreshToken}\n`,
      `${refreshToken}=`,
      refreshToken.toUpperCase(),
      refreshToken.slice(0, -1),
      refreshToken.replace('ramet_refresh_', ''),
    ];
    for (const variant of variants) {
      await assert.rejects(open.tokens.refreshToken({ refreshToken: variant }), REFUSED, variant);
    }
    await open.tokens.refreshToken({ refreshToken });
  });

  it('ends when its user logs out, and others of the user do not', async () => {
    const [one, other] = [await logIn(), await logIn()];
    await house.as(one.token).users.logout({});

    await assert.rejects(open.tokens.refreshToken({ refreshToken: one.refreshToken }), REFUSED);
    await open.tokens.refreshToken({ refreshToken: other.refreshToken });
  });

  it('ends with the API key that it began with', async () => {
    const { users } = house.as(ada.token);
    const wish = { requestId: '', userId: '', name: '', expireTime: undefined, scopes: [] };
    const { apiKey, secret } = await users.createApiKey(wish);
    const { refreshToken } = await logIn(secret);
    await users.revokeApiKey({ id: apiKey?.id ?? '' });

    await assert.rejects(open.tokens.refreshToken({ refreshToken }), REFUSED);
  });

  it('ends after a day without use', async () => {
    const { refreshToken, refreshExpireTime } = await logIn();
    assert.ok(refreshExpireTime);
    await sql(`update refresh_token set expires_at = ramet_now() where used_at is null`);
    await assert.rejects(open.tokens.refreshToken({ refreshToken }), REFUSED);
  });

  it('ends when its user has a hundred others that were used later', async () => {
    const bob = await house.teams.createUser('bob');
    const [kept, lost] = [await logIn(bob.apiKey), await logIn(bob.apiKey)];
    const { refreshToken } = await open.tokens.refreshToken(kept);
    for (let count = 2; count < 100; count += 1) await logIn(bob.apiKey);

    await logIn(bob.apiKey);
    await assert.rejects(open.tokens.refreshToken(lost), REFUSED);
    await open.tokens.refreshToken({ refreshToken });
  });

  it('is not for services', async () => {
    await assert.rejects(logIn(house.teams.serviceKey('keys')), REFUSED);
  });

  it('keeps no refresh token, and nothing that one can be made of', async () => {
    const { refreshToken } = await logIn();
    const rows = await sql<{ all: string }>(
      `select t::text || l::text as all from refresh_token t join login l on l.id = t.login_id`,
    );
    const secret = refreshToken.slice('ramet_refresh_'.length);
    const hex = Buffer.from(secret, 'base64url').toString('hex');
    assert.ok(rows.length > 0);
    for (const { all } of rows) assert.ok(!all.includes(secret) && !all.includes(hex));
  });

  function logIn(apiKey = ada.apiKey) {
    return open.tokens.logIn({ credential: { $case: 'apiKey', value: apiKey } });
  }

  async function sql<Row extends object>(text: string): Promise<readonly Row[]> {
    const options = { url: house.databaseUrl, schema: 'teams', application: 'test' };
    await using db = await openDatabase(options);
    return await db.query<Row>(text);
  }
});

describe('a refresh token that was stolen (T16)', () => {
  it('is told once to the operator, and stands in the history of its user', async () => {
    const lines: unknown[] = [];
    await using house = await openHouse(warningTo((line) => lines.push(line)));
    const { id, apiKey } = await house.teams.createUser('ada');
    const { tokens } = house.as('');
    const credential = { $case: 'apiKey', value: apiKey } as const;
    const { refreshToken } = await tokens.logIn({ credential });
    const second = await tokens.refreshToken({ refreshToken });
    await tokens.refreshToken(second);

    const shown = [1, 2, 3].map(() => assert.rejects(tokens.refreshToken({ refreshToken })));
    await Promise.all(shown);

    const login_id = await reusedLogin(house, id);
    const message = 'a refresh token was shown again: its login has ended';
    assert.deepEqual(lines, [{ message, user_id: id, login_id }]);
  });

  it('has ended its login though its user’s history cannot be written', async () => {
    let tell: (line: unknown) => void = () => undefined;
    const warned = new Promise<unknown>((resolve) => {
      tell = resolve;
    });
    await using house = await openHouse(warningTo((line) => tell(line)));
    const { id, apiKey } = await house.teams.createUser('ada');
    const { tokens } = house.as('');
    const credential = { $case: 'apiKey', value: apiKey } as const;
    const { refreshToken } = await tokens.logIn({ credential });
    const second = await tokens.refreshToken({ refreshToken });
    const third = await tokens.refreshToken(second);

    const options = { url: house.databaseUrl, schema: 'teams', application: 'test' };
    await using db = await openDatabase(options);
    let shown: Promise<void> | undefined;
    await db.transaction(async (tx) => {
      await tx.query('select from mesh_user where id = $1 for update', [id]);
      shown = assert.rejects(tokens.refreshToken({ refreshToken }), REFUSED);
      await warned;
      await assert.rejects(tokens.refreshToken(third), REFUSED);
    });
    await shown;
    await reusedLogin(house, id);
  });

  /** Makes the house tell what it warns of. */
  function warningTo(tell: (line: unknown) => void): Parameters<typeof openHouse>[0] {
    const none = (): void => undefined;
    const warn = (message: string, fields?: object): void => tell({ message, ...fields });
    return { outside: { logger: { debug: none, info: none, warn, error: none } } };
  }

  /** The login that stands in a user's history as ended by a token that was shown again. */
  async function reusedLogin(house: House, userId: string): Promise<string> {
    const { history } = await house.asService('executor');
    for (;;) {
      const { entries } = await history.readHistory({ after: 0n, pageSize: 1_000 });
      const told = entries.filter(({ kind }) => kind === 'user.refresh_token_reused');
      const [entry] = told;
      if (!entry) continue;
      assert.deepEqual([told.length, entry.aggregateId], [1, userId]);
      const reuse = RefreshTokenReused.decode(entry.payload);
      assert.equal(reuse.userId, userId);
      return reuse.loginId;
    }
  }
});

describe('a scoped API key', () => {
  let house: House;
  let ada: TestUser;

  before(async () => {
    house = await openHouse();
    ada = await house.teams.createUser('ada');
  });
  after(() => house[Symbol.asyncDispose]());

  it('is good for its actions, and for nothing else', async () => {
    const api = await scoped(['users.get']);
    await api.users.getUser({ id: '' });
    await assert.rejects(api.teams.listTeams({ pageSize: 0, pageToken: '', all: false }), {
      code: 'PERMISSION_DENIED',
      reason: 'SCOPE_MISSING',
    });
  });

  it('keeps its scopes in a login', async () => {
    const secret = await keyOf(['users.*']);
    const { tokens } = house.as('');
    const { refreshToken } = await tokens.logIn({
      credential: { $case: 'apiKey', value: secret },
    });
    const { token } = await tokens.refreshToken({ refreshToken });
    await house.as(token).users.getUser({ id: '' });
    await assert.rejects(house.as(token).teams.createTeam({ requestId: '', name: 'wide' }), {
      reason: 'SCOPE_MISSING',
    });
  });

  it('ends its login, whatever its scopes', async () => {
    const secret = await keyOf(['teams.list']);
    const { tokens } = house.as('');
    const { token, refreshToken } = await tokens.logIn({
      credential: { $case: 'apiKey', value: secret },
    });
    await house.as(token).users.logout({});
    await assert.rejects(tokens.refreshToken({ refreshToken }), REFUSED);
  });

  it('makes no key that is good for more (T32)', async () => {
    const { users } = await scoped(['api_keys.*', 'users.get']);
    const create = (scopes: readonly string[]) => users.createApiKey(wishOf(scopes));

    for (const scopes of [['users.*'], ['users.get', 'teams.create'], ['keys.list']]) {
      await assert.rejects(create(scopes), { reason: 'SCOPE_MISSING' }, scopes.join());
    }
    const same = await create([]);
    const less = await create(['users.get']);
    assert.deepEqual(same.apiKey?.scopes, ['api_keys.*', 'users.get']);
    assert.deepEqual(less.apiKey?.scopes, ['users.get']);
  });

  it('is one of a hundred that are good at most, and one that is revoked makes room', async () => {
    const bob = await house.teams.createUser('bob');
    const { users } = house.as(bob.token);
    const create = (): Promise<string> =>
      users.createApiKey(wishOf([])).then(
        ({ apiKey }) => apiKey?.id ?? '',
        ({ reason }) => reason,
      );
    const made = await Promise.all(Array.from({ length: 104 }, create));
    assert.equal(made.filter((each) => each === 'QUOTA_EXCEEDED').length, 5);

    await users.revokeApiKey({ id: made.find((each) => each.startsWith('apk_')) ?? '' });
    assert.match(await create(), /^apk_/);
    assert.equal(await create(), 'QUOTA_EXCEEDED');
  });

  it('makes no key that lasts longer (T32)', async () => {
    const end = new Date(Date.now() + 3_600_000);
    const maker = await house.as(ada.token).users.createApiKey({
      ...wishOf(['api_keys.*', 'users.get']),
      expireTime: end,
    });
    const tokenOf = async (apiKey: string) =>
      (await house.as('').tokens.exchangeToken({ apiKey })).token;
    const { users } = house.as(await tokenOf(maker.secret));
    const late = { ...wishOf([]), expireTime: new Date(end.getTime() + 1_000) };
    await assert.rejects(users.createApiKey(late), { reason: 'REQUEST_INVALID' });
    const made = await users.createApiKey(wishOf([]));
    assert.deepEqual(made.apiKey?.expireTime, end);
    assert.deepEqual(made.apiKey?.madeWith, [maker.apiKey?.id]);

    const next = await house.as(await tokenOf(made.secret)).users.createApiKey(wishOf([]));
    const login = await logIn(next.secret);
    await house.as(ada.token).users.revokeApiKey({ id: maker.apiKey?.id ?? '' });

    const { tokens } = house.as('');
    for (const apiKey of [made.secret, next.secret]) {
      await assert.rejects(tokens.exchangeToken({ apiKey }), REFUSED);
    }
    await assert.rejects(tokens.refreshToken(login), REFUSED);
    await untilRevoked(house.as(login.token));
    const asked = { userId: '', pageSize: 1_000, pageToken: '' };
    const { apiKeys } = await house.as(ada.token).users.listApiKeys(asked);
    const shown = apiKeys.filter(({ id }) => [made, next].some(({ apiKey }) => apiKey?.id === id));
    assert.equal(shown.filter(({ revokeTime }) => revokeTime).length, 2);
  });

  for (const scopes of [
    ['*'],
    ['keys*'],
    ['.*'],
    ['keys.**'],
    ['keys list'],
    [''],
    ['keys.lst'],
    ['key.*'],
  ]) {
    it(`has no scope ${JSON.stringify(scopes)}`, async () => {
      const { users } = house.as(ada.token);
      await assert.rejects(users.createApiKey(wishOf(scopes)), { reason: 'REQUEST_INVALID' });
    });
  }

  function logIn(apiKey: string) {
    return house.as('').tokens.logIn({ credential: { $case: 'apiKey', value: apiKey } });
  }

  /** Waits until a token is refused: the replica hears of it at once, but not before the answer. */
  async function untilRevoked({ users }: Api): Promise<void> {
    const outcome = () =>
      users.getUser({ id: '' }).then(
        () => '',
        ({ reason }) => reason,
      );
    let reason = '';
    while (reason === '') reason = await outcome();
    assert.equal(reason, 'TOKEN_REVOKED');
  }

  async function scoped(scopes: readonly string[]): Promise<Api> {
    const { token } = await house.as('').tokens.exchangeToken({ apiKey: await keyOf(scopes) });
    return house.as(token);
  }

  async function keyOf(scopes: readonly string[]): Promise<string> {
    return (await house.as(ada.token).users.createApiKey(wishOf(scopes))).secret;
  }
});

function wishOf(scopes: readonly string[]) {
  return { requestId: '', userId: '', name: 'scoped', expireTime: undefined, scopes };
}
