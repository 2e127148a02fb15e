// Goal: whoever loses a credential is refused by every replica, and everybody who asks teams knows.
// Method: two replicas on one database, and what they tell the services.

import assert from 'node:assert/strict';
import { openDatabase } from '@ramet/database';
import { Scope, systemIds } from '@ramet/service';
import { createDatabase } from '@ramet/test/support';
import { forgetRevocations, revokeTokens } from './store/revocations.js';
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

  it('is removed when it is old, and by nobody who revokes', async () => {
    await using db = await openDatabase({ url: databaseUrl, schema: 'teams', application: 'test' });
    const subject = systemIds.make('lgn');
    const count = async () =>
      (await db.query('select from revocation where subject = $1', [subject])).length;
    await db.transaction((tx) => revokeTokens(tx, [{ subject }]));
    await db.query(`update revocation set at = at - interval '25 hours' where subject = $1`, [
      subject,
    ]);

    await db.transaction((tx) => revokeTokens(tx, [{ subject: systemIds.make('lgn') }]));
    assert.equal(await count(), 1);
    await forgetRevocations(db);
    assert.equal(await count(), 0);
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

describe('very many revocations', () => {
  it('are told in messages of which each fits, the last with the time (T28)', async () => {
    await using scope = new Scope();
    const { url: databaseUrl } = scope.use(await createDatabase());
    await using db = await openDatabase({ url: databaseUrl, schema: 'teams', application: 'test' });
    const teams = scope.use(await startTestTeams({ databaseUrl }));
    await db.query(MANY, [130_000]);

    const { access } = apiOf(teams.address, await teams.serviceToken('keys'), scope);
    const subjects = new Set<string>();
    const isLast: boolean[] = [];
    for await (const { revocations, lookedAfter } of access.watchRevocations({})) {
      for (const { subject } of revocations) subjects.add(subject);
      isLast.push(lookedAfter !== undefined);
      if (lookedAfter && subjects.size > 0) break;
    }
    assert.equal(subjects.size, 130_000);
    assert.deepEqual(isLast.slice(-13), [...Array(12).fill(false), true]);
  });
});

const MANY = `
  with head as (update revocation_head set seq = $1)
  insert into revocation (seq, subject, at)
  select each, 'lgn_' || lpad(each::text, 26, '0'), ramet_now() from generate_series(1, $1) as each`;

function loginOf(token: string): string {
  const [, body = ''] = token.split('.');
  const { crd } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { crd: string[] };
  return crd.at(-1) ?? '';
}
