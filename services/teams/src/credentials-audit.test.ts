// Goal: the audit says who has shown a credential, also one that is refused, and of what a token was
// made: the caller of such a call has no token yet.
// Method: the real service on a real database; its records as an administrator reads them.

import assert from 'node:assert/strict';
import type { AuditRecord } from '@ramet/proto-gen/audit.v1';
import { AuditCallerKind } from '@ramet/proto-gen/audit.v1';
import { IdentityProviderKind } from '@ramet/proto-gen/teams.v1';
import { idToken, nonceOf, startTestOidc, type TestOidc } from '@ramet/test/support';
import { signText } from './credentials/test-signer.js';
import { textOf } from './domain/signed-request.js';
import { type Api, FIRST, type House, openHouse } from './test-house.js';
import type { TestUser } from './testing.js';

describe('the audit of a credential that is shown', () => {
  let house: House;
  let oidc: TestOidc;
  let admin: Api;
  let open: Api;
  let providerId: string;

  before(async () => {
    house = await openHouse();
    oidc = await startTestOidc();
    admin = await house.asAdmin();
    open = house.as('');
    const { identityProvider } = await admin.identityProviders.createIdentityProvider({
      ...{ name: 'people', kind: IdentityProviderKind.PEOPLE, issuer: oidc.issuer },
      ...{ audience: oidc.clientId, algorithms: [], autoCreate: false, rules: [] },
    });
    providerId = identityProvider?.id ?? '';
  });
  after(async () => {
    await oidc[Symbol.asyncDispose]();
    await house[Symbol.asyncDispose]();
  });

  it('names the user of an API key, the key, and the token that it was exchanged for', async () => {
    const user = await house.teams.createUser('key');
    const { apiKeys } = await admin.users.listApiKeys({ userId: user.id, ...FIRST });
    const record = await find('tokens.exchange', `token_id = ${idOf(user.token)}`);
    assert.deepEqual(shown(record), [user.id, 'OK', '']);
    assert.deepEqual(record.targets, [apiKeys[0]?.id]);
  });

  it('names a service by its key', async () => {
    await open.tokens.exchangeToken({ apiKey: house.teams.serviceKey('keys') });
    const record = await find('tokens.exchange', 'caller_id = keys');
    assert.deepEqual(shown(record), ['keys', 'OK', '']);
    assert.equal(record.callerKind, AuditCallerKind.SERVICE);
  });

  it('names the user of a login, and of a login that goes on, until one shows a used token', async () => {
    const user = await house.teams.createUser('login');
    const { refreshToken, token } = await open.tokens.logIn(byKey(user));
    const begun = await find('tokens.log_in', `caller_id = ${user.id}`);
    assert.deepEqual([...shown(begun), begun.tokenId], [user.id, 'OK', '', idOf(token)]);
    const login = begun.targets.find((id) => id.startsWith('lgn_'));
    assert.ok(login);

    const second = await open.tokens.refreshToken({ refreshToken });
    const third = await open.tokens.refreshToken({ refreshToken: second.refreshToken });
    const went = await find(
      'tokens.refresh',
      `targets:${login} AND token_id = ${idOf(second.token)}`,
    );
    assert.deepEqual(shown(went), [user.id, 'OK', '']);

    await assert.rejects(open.tokens.refreshToken({ refreshToken }));
    const stolen = await find('tokens.refresh', `targets:${login} AND reason = REFRESH_TOKEN_USED`);
    assert.deepEqual(shown(stolen), [user.id, 'UNAUTHENTICATED', 'REFRESH_TOKEN_USED']);
    await assert.rejects(open.tokens.refreshToken(third));
    const over = await find('tokens.refresh', `targets:${login} AND reason = LOGIN_OVER`);
    assert.equal(over.callerId, user.id);
  });

  it('names whom it refuses, and why, which they are not told', async () => {
    const user = await house.teams.createUser('leaver');
    const { apiKeys } = await admin.users.listApiKeys({ userId: user.id, ...FIRST });
    await admin.users.disableUser({ id: user.id, reason: 'left' });
    await assert.rejects(open.tokens.logIn(byKey(user)), { reason: 'CREDENTIAL_INVALID' });
    const disabled = await find('tokens.log_in', `caller_id = ${user.id}`);
    assert.deepEqual(shown(disabled), [user.id, 'UNAUTHENTICATED', 'USER_DISABLED']);

    await admin.users.revokeApiKey({ id: apiKeys[0]?.id ?? '' });
    await assert.rejects(open.tokens.exchangeToken(user), { reason: 'CREDENTIAL_INVALID' });
    const revoked = await find('tokens.exchange', `caller_id = ${user.id} AND code != OK`);
    assert.deepEqual(shown(revoked), [user.id, 'UNAUTHENTICATED', 'API_KEY_REVOKED']);
    assert.deepEqual(revoked.targets, [apiKeys[0]?.id]);
  });

  it('names the first administrator, and the key that was made with them', async () => {
    const { id } = await house.teams.admin();
    const { apiKeys } = await admin.users.listApiKeys({ userId: id, ...FIRST });
    const record = await find('setup.bootstrap', `caller_id = ${id}`);
    assert.deepEqual([...shown(record), record.admin], [id, 'OK', '', true]);
    assert.ok(record.targets.includes(apiKeys[0]?.id ?? ''));
  });

  it('names nobody for what is no credential', async () => {
    await assert.rejects(open.tokens.exchangeToken({ apiKey: 'nothing of the kind' }));
    const record = await find('tokens.exchange', 'caller_kind = ANONYMOUS');
    assert.deepEqual(shown(record), ['', 'UNAUTHENTICATED', 'CREDENTIAL_INVALID']);
  });

  it('names the user of an identity, and only the provider while that is nobody here', async () => {
    oidc.becomes('ada-there');
    await assert.rejects(logIn(await idToken(oidc)), { reason: 'IDENTITY_NOT_LINKED' });
    const unknown = await find('tokens.log_in', 'reason = IDENTITY_NOT_LINKED');
    assert.deepEqual([unknown.callerId, unknown.targets], ['', [providerId]]);

    const { id: userId } = await house.teams.createUser('ada');
    const subject = 'ada-there';
    const { identity } = await admin.identityProviders.linkIdentity({
      providerId,
      subject,
      userId,
    });
    const token = await idToken(oidc);
    await logIn(token);
    const linked = await find('tokens.log_in', `caller_id = ${userId}`);
    assert.deepEqual(shown(linked), [userId, 'OK', '']);
    assert.deepEqual(linked.targets.slice(0, 2), [providerId, identity?.id]);

    await assert.rejects(logIn(token), { reason: 'CREDENTIAL_INVALID' });
    const used = await find('tokens.log_in', 'reason = IDENTITY_TOKEN_USED');
    assert.equal(used.callerId, userId);
  });

  it('names the user whom a rule of CI names', async () => {
    const { id: userId } = await house.teams.createUser('robot');
    const rules = [{ subject: 'repo:acme/app', claims: [], userId, scopes: ['users.get'] }];
    const ci = await startTestOidc();
    const { identityProvider } = await admin.identityProviders.createIdentityProvider({
      ...{ name: 'ci', kind: IdentityProviderKind.CI, issuer: ci.issuer, audience: ci.clientId },
      ...{ algorithms: [], autoCreate: false, rules },
    });
    ci.becomes('repo:acme/app');
    await open.tokens.exchangeIdentityToken({ identityToken: await idToken(ci) });
    const record = await find('tokens.exchange_identity', `caller_id = ${userId}`);
    assert.deepEqual(shown(record), [userId, 'OK', '']);
    assert.deepEqual(record.targets, [identityProvider?.id]);
    await ci[Symbol.asyncDispose]();
  });

  it('names the user of a provider that has signed, let in or not', async () => {
    const { id: userId } = await house.teams.createUser('ocean');
    const key = Buffer.alloc(32, 7);
    const { address } = signText(key, '');
    const { provider } = await admin.providers.registerProvider({
      ...{ requestId: '', name: 'ocean', address, userId, actions: ['clones.stop'] },
    });
    const request = (nonce: bigint) => {
      const expiresAt = new Date(Date.now() + 60_000);
      const targetId = `cln_${'1'.repeat(26)}`;
      const asked = { action: 'clones.stop', targetId, ownerId: '', nonce };
      const { signature } = signText(
        key,
        textOf({ ...asked, meshId: provider?.meshId ?? '', expiresAt }),
      );
      return { ...asked, expireTime: expiresAt, signature };
    };
    await open.tokens.exchangeSignedRequest(request(1n));
    const good = await find('tokens.exchange_signed_request', `caller_id = ${userId}`);
    assert.deepEqual(shown(good), [userId, 'OK', '']);
    assert.ok(good.targets.includes(provider?.id ?? ''));

    await admin.users.disableUser({ id: userId, reason: 'left' });
    await assert.rejects(open.tokens.exchangeSignedRequest(request(2n)));
    const refused = await find(
      'tokens.exchange_signed_request',
      `caller_id = ${userId} AND code != OK`,
    );
    assert.equal(refused.reason, 'USER_DISABLED');
  });

  /** The newest record of an action that a filter finds: it is written soon, and not at once. */
  async function find(action: string, filter: string): Promise<AuditRecord> {
    for (;;) {
      const asked = { filter: `action = ${action} AND ${filter}`, pageSize: 1, pageToken: '' };
      const { records } = await admin.audit.listAudit(asked);
      if (records[0]) return records[0];
    }
  }

  function logIn(token: string) {
    const value = { token, nonce: nonceOf(token) };
    return open.tokens.logIn({ credential: { $case: 'identity', value } });
  }
});

function shown({ callerId, code, reason }: AuditRecord): readonly string[] {
  return [callerId, code, reason];
}

function idOf(token: string): string {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).jti;
}

function byKey({ apiKey }: TestUser) {
  return { credential: { $case: 'apiKey' as const, value: apiKey } };
}
