// Goal: whoever loses a credential is refused by every replica, and everybody who asks teams knows.
// Method: two replicas on one database, and what they tell the services.

import assert from 'node:assert/strict';
import { openDatabase } from '@ramet/database';
import { Scope, systemIds } from '@ramet/service';
import { createDatabase } from '@ramet/test/support';
import { revokeTokens } from './store/revocations.js';
import { type Api, apiOf } from './test-house.js';
import { makeTokenKeys, startTestTeams, type TestTeams, type TestUser } from './testing.js';

const REVOKED = { code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' };

describe('a revocation', () => {
  const scope = new Scope();
  let databaseUrl: string;
  let one: TestTeams;
  let other: TestTeams;
  let ada: TestUser;

  before(async () => {
    ({ url: databaseUrl } = scope.use(await createDatabase()));
    const options = { databaseUrl, tokenKeys: makeTokenKeys() };
    one = scope.use(await startTestTeams(options));
    other = scope.use(await startTestTeams(options));
    ada = await one.createUser('ada');
  });
  after(() => scope[Symbol.asyncDispose]());

  it('of an API key holds for tokens of it, at every replica, and for no others', async () => {
    const { apiKeyId, token } = await another();
    await at(other, token).users.getUser({ id: '' });
    const news = newsOf(other, apiKeyId);
    await at(one, ada.token).users.revokeApiKey({ id: apiKeyId });
    await news;

    await assert.rejects(at(other, token).users.getUser({ id: '' }), REVOKED);
    await assert.rejects(at(one, token).users.getUser({ id: '' }), REVOKED);
    await at(other, ada.token).users.getUser({ id: '' });
  });

  it('of a login holds for its tokens, and not for its API key', async () => {
    const { secret, token: plain } = await another();
    const credential = { $case: 'apiKey', value: secret } as const;
    const { token } = await at(one, '').tokens.logIn({ credential });
    const news = newsOf(other, loginOf(token));
    await at(one, token).users.logout({});
    await news;

    await assert.rejects(at(other, token).users.getUser({ id: '' }), REVOKED);
    await at(other, plain).users.getUser({ id: '' });
  });

  it('comes of a refresh token that was stolen (T16)', async () => {
    const credential = { $case: 'apiKey', value: ada.apiKey } as const;
    const first = await at(one, '').tokens.logIn({ credential });
    const { refreshToken } = first;
    const second = await at(one, '').tokens.refreshToken({ refreshToken });
    await at(one, '').tokens.refreshToken({ refreshToken: second.refreshToken });

    const news = newsOf(other, loginOf(second.token));
    await assert.rejects(at(one, '').tokens.refreshToken({ refreshToken }));
    await news;
    await assert.rejects(at(other, second.token).users.getUser({ id: '' }), REVOKED);
  });

  it('is told to who asks about one token, as the database has it', async () => {
    const access = at(other, await other.serviceToken('keys')).access;
    const { apiKeyId } = await another();
    const facts = { userId: ada.id, version: 9, tokenId: systemIds.make('tok') };
    const ask = async () =>
      (await access.checkRevocation({ ...facts, credentialIds: [apiKeyId] })).revoked;

    assert.equal(await ask(), false);
    await at(one, ada.token).users.revokeApiKey({ id: apiKeyId });
    assert.equal(await ask(), true);
  });

  it('of a user holds for tokens of a version before (T4)', async () => {
    const access = at(one, await one.serviceToken('keys')).access;
    const userId = systemIds.make('usr');
    const ask = async (version: number) =>
      (await access.checkRevocation({ userId, version, tokenId: 'tok_1', credentialIds: [] }))
        .revoked;
    await using db = await openDatabase({ url: databaseUrl, schema: 'teams', application: 'test' });
    await db.transaction((tx) => revokeTokens(tx, [{ subject: userId, minVersion: 7 }]));

    assert.deepEqual([await ask(0), await ask(6), await ask(7)], [true, true, false]);
  });

  it('is numbered without gaps, whatever comes at once', async () => {
    const ids = await Promise.all(
      Array.from({ length: 12 }, async () => (await another()).apiKeyId),
    );
    await Promise.all(
      ids.map((id, place) => at(place % 2 ? one : other, ada.token).users.revokeApiKey({ id })),
    );
    await using db = await openDatabase({ url: databaseUrl, schema: 'teams', application: 'test' });
    const [row] = await db.query<{ head: bigint; newest: bigint; count: bigint }>(`
      select (select seq from revocation_head) as head, max(seq) as newest, count(*) as count
      from revocation`);
    assert.deepEqual(row, { head: row?.newest, newest: row?.newest, count: row?.newest });
  });

  function at({ address }: TestTeams, token: string): Api {
    return apiOf(address, token, scope);
  }

  async function another() {
    const { users, tokens } = at(one, ada.token);
    const wish = { requestId: '', userId: '', name: '', expireTime: undefined, scopes: [] };
    const { apiKey, secret } = await users.createApiKey(wish);
    const { token } = await tokens.exchangeToken({ apiKey: secret });
    return { apiKeyId: apiKey?.id ?? '', secret, token };
  }

  /** Resolves once a replica tells the services that something was revoked. */
  async function newsOf(teams: TestTeams, subject: string): Promise<void> {
    const { access } = at(teams, await teams.serviceToken('lifecycle'));
    for await (const { revocations } of access.watchRevocations({})) {
      if (revocations.some((each) => each.subject === subject)) return;
    }
    assert.fail('the stream has ended');
  }
});

function loginOf(token: string): string {
  const [, body = ''] = token.split('.');
  const { crd } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { crd: string[] };
  return crd.at(-1) ?? '';
}
