// Goal: a provider gets exactly what it has signed for, once, and nobody else gets anything.
// Method: the real service on a real database, and keys of the test's own.

import assert from 'node:assert/strict';
import type { ExchangeSignedRequestRequest } from '@ramet/proto-gen/teams.v1';
import { Scope, systemIds } from '@ramet/service';
import { signText } from './credentials/test-signer.js';
import { type Api, apiOf, FIRST, type House, openHouse } from './test-house.js';
import { startTestTeams, type TestUser } from './testing.js';

const REFUSED = { code: 'UNAUTHENTICATED', reason: 'CREDENTIAL_INVALID' };
const MINUTE_MS = 60_000;
const CLONE = `cln_${'1'.repeat(26)}`;
const OTHER = `cln_${'2'.repeat(26)}`;

/** The mesh that is signed for. */
let meshId = '';

describe('a signed request', () => {
  let house: House;
  let admin: Api;
  let open: Api;
  let user: TestUser;
  let count = 0;

  before(async () => {
    house = await openHouse();
    admin = await house.asAdmin();
    open = house.as('');
    user = await house.teams.createUser('ocean');
    ({ meshId } = (await register()).provider);
    assert.match(meshId, /^msh_[0-9a-z]{26}$/);
  });
  after(() => house[Symbol.asyncDispose]());

  it('is exchanged for a token that says what it is good for', async () => {
    const { key } = await register();
    const { token, expiresIn } = await exchange(signed(key, { nonce: 17n }));
    assert.equal(expiresIn?.seconds, 60n);
    const [, claims = ''] = token.split('.');
    const { sub, adm, scp, bnd } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    assert.deepEqual([sub, adm, scp], [user.id, false, ['clones.stop']]);
    assert.deepEqual(bnd, { tgt: CLONE, own: '', rid: '17' });
  });

  it('is good once, and not after a later one (row 29)', async () => {
    const { key } = await register();
    const first = signed(key, { nonce: 1_234_567_890_123_456_788n });
    await exchange(first);
    await assert.rejects(exchange(first), { code: 'UNAUTHENTICATED', reason: 'NONCE_USED' });
    const older = signed(key, { nonce: 1_234_567_890_123_456_787n });
    await assert.rejects(exchange(older), { reason: 'NONCE_USED' });
    await exchange(signed(key, { nonce: 1_234_567_890_123_456_789n }));
  });

  it('is good once among many that come at once, at two replicas', async () => {
    await using scope = new Scope();
    const { tokenKeys } = house.teams;
    const { databaseUrl } = house;
    const twin = scope.use(await startTestTeams({ databaseUrl, tokenKeys }));
    const { key } = await register();
    const request = signed(key, {});
    const replicas = [open, apiOf(twin.address, '', scope)];
    const tries = Array.from({ length: 20 }, (_, n) =>
      (replicas[n % 2] as Api).tokens.exchangeSignedRequest(request).then(
        () => 'ok',
        ({ reason }: { reason: string }) => reason,
      ),
    );
    const told = await Promise.all(tries);
    assert.equal(told.filter((each) => each === 'ok').length, 1);
    assert.equal(told.filter((each) => each === 'NONCE_USED').length, 19);
  });

  it('leaves the same nonce to another signer', async () => {
    const [one, other] = [await register(), await register()];
    await exchange(signed(one.key, { nonce: 5n }));
    await exchange(signed(other.key, { nonce: 5n }));
  });

  it('is refused if anything of it is not as it was signed', async () => {
    const { key } = await register({ actions: ['clones.*'] });
    const request = signed(key, { nonce: 3n });
    const changes: readonly Partial<ExchangeSignedRequestRequest>[] = [
      { action: 'clones.delete' },
      { targetId: OTHER },
      { targetId: '', ownerId: user.id },
      { nonce: 4n },
      { expireTime: new Date((request.expireTime?.getTime() ?? 0) + 1) },
    ];
    for (const change of changes) {
      await assert.rejects(
        exchange({ ...request, ...change }),
        REFUSED,
        JSON.stringify(Object.keys(change)),
      );
    }
    await exchange(request);
  });

  it('is refused alike if its signer is unknown or not let in, or it is no signature', async () => {
    const { key, provider } = await register();
    await admin.providers.updateProvider({
      id: provider.id,
      actions: [],
      enabled: false,
      etag: '',
    });
    const good = signed(key, {});
    const told = new Set<string>();
    const bad: readonly Uint8Array[] = [
      new Uint8Array(),
      Buffer.alloc(65),
      Buffer.alloc(65, 0xff),
      Buffer.alloc(1_024, 1),
      good.signature.subarray(1),
    ];
    const requests = [
      good,
      signed(systemIds.bytes(32), {}),
      ...bad.map((signature) => ({ ...good, signature: Buffer.from(signature) })),
    ];
    for (const request of requests) {
      await exchange(request).then(
        () => assert.fail('it was exchanged'),
        ({ code, reason, message }) => told.add(JSON.stringify({ code, reason, message })),
      );
    }
    assert.equal(told.size, 1, [...told].join('\n'));
  });

  it('may ask for actions only that there are', async () => {
    const { provider } = await register();
    const actions = ['clones.stop', 'clones.stopp'];
    const update = { id: provider.id, actions, enabled: undefined, etag: '' };

    const refused = { reason: 'REQUEST_INVALID', violations: [{ field: 'actions[1]' }] };
    for (const asked of [register({ actions }), admin.providers.updateProvider(update)]) {
      await assert.rejects(asked, ({ reason, violations }) => {
        assert.equal(reason, refused.reason);
        assert.deepEqual(
          violations.map(({ field }: { field: string }) => ({ field })),
          refused.violations,
        );
        return true;
      });
    }
  });

  it('uses up no nonce if it is refused: the list comes first (rows 29, 30)', async () => {
    const { key, provider } = await register();
    const request = signed(key, { action: 'clones.delete', nonce: 9n });
    await assert.rejects(exchange(request), { code: 'PERMISSION_DENIED', reason: 'SCOPE_MISSING' });
    const late = signed(key, { nonce: 9n, expireTime: new Date(Date.now() - 1) });
    await assert.rejects(exchange(late), { reason: 'SIGNATURE_EXPIRED' });
    const far = signed(key, { nonce: 9n, expireTime: new Date(Date.now() + 11 * MINUTE_MS) });
    await assert.rejects(exchange(far), { reason: 'SIGNATURE_EXPIRED' });

    const more = { id: provider.id, actions: ['clones.delete'], enabled: true, etag: '' };
    await admin.providers.updateProvider(more);
    await exchange(request);
  });

  it('is refused by a mesh that it was not signed for', async () => {
    await using elsewhere = await openHouse();
    const { key } = await register();
    const { id: userId } = await elsewhere.teams.createUser('ocean');
    const wish = { requestId: '', name: 'p', userId, actions: ['clones.stop'] };
    const { address } = signText(key, '');
    const there = await elsewhere.asAdmin();
    const { provider } = await there.providers.registerProvider({ ...wish, address });
    assert.notEqual(provider?.meshId, meshId);

    const request = signed(key, {});
    await assert.rejects(elsewhere.as('').tokens.exchangeSignedRequest(request), REFUSED);
    await exchange(request);
  });

  it('has a target or an owner, not both and not none', async () => {
    const { key } = await register();
    for (const change of [{ targetId: '' }, { ownerId: user.id }]) {
      await assert.rejects(exchange(signed(key, change)), { reason: 'REQUEST_INVALID' });
    }
  });

  it('T4: is refused while the user is disabled that it acts as', async () => {
    const user = await house.teams.createUser('acted-as');
    const { key } = await register({ userId: user.id });
    await admin.users.disableUser({ id: user.id, reason: 'left' });
    const request = signed(key, { ownerId: user.id, targetId: '' });
    await assert.rejects(exchange(request), { code: 'UNAUTHENTICATED' });

    await admin.users.enableUser({ id: user.id });
    await exchange(request);
  });

  it('T32: makes no API key, which would be worth more than what was signed', async () => {
    const { id } = await house.teams.admin();
    const { key } = await register({ userId: id, actions: ['api_keys.create'] });
    const signedOnce = signed(key, { action: 'api_keys.create', targetId: '', ownerId: id });
    const { token } = await exchange(signedOnce);
    const wish = { requestId: '', userId: '', name: 'more', expireTime: undefined, scopes: [] };
    await assert.rejects(house.as(token).users.createApiKey(wish), { code: 'PERMISSION_DENIED' });
  });

  it('never gets an administrator’s rights, whoever it acts as', async () => {
    const { id } = await house.teams.admin();
    const { key } = await register({ userId: id, actions: ['users.list'] });
    const request = signed(key, { action: 'users.list', targetId: '', ownerId: id });
    const { token } = await exchange(request);
    await assert.rejects(house.as(token).users.listUsers(FIRST), { code: 'PERMISSION_DENIED' });
  });

  it('opens nothing but what it is about', async () => {
    const { key } = await register({ actions: ['users.get', 'api_keys.list'] });
    const about = { action: 'users.get', targetId: user.id };
    const { token } = await exchange(signed(key, about));
    const api = house.as(token);
    assert.equal((await api.users.getUser({ id: user.id })).user?.id, user.id);
    const elsewhere = { code: 'PERMISSION_DENIED', reason: 'TARGET_MISMATCH' };
    await assert.rejects(api.users.getUser({ id: '' }), elsewhere);
    const keys = api.users.listApiKeys({ ...FIRST, userId: user.id });
    await assert.rejects(keys, { reason: 'SCOPE_MISSING' });
  });

  it('is good for a token after each change of the provider, and one of before is refused', async () => {
    const { key, provider } = await register({ actions: ['users.get'] });
    let nonce = 0n;
    const tokenOf = async (): Promise<string> => {
      nonce += 1n;
      const about = { action: 'users.get', targetId: user.id, nonce };
      return (await exchange(signed(key, about))).token;
    };
    const use = (token: string) => house.as(token).users.getUser({ id: user.id });
    const change = (more: { actions?: string[]; enabled?: boolean }) =>
      admin.providers.updateProvider({ id: provider.id, actions: [], etag: '', ...more });

    const first = await tokenOf();
    await change({ actions: ['users.get', 'clones.stop'] });
    const second = await tokenOf();
    await refusedSoon(() => use(first));
    await use(second);

    await change({ enabled: false });
    await change({ enabled: true });
    const third = await tokenOf();
    await refusedSoon(() => use(second));
    await use(third);
  });

  function exchange(request: ExchangeSignedRequestRequest) {
    return open.tokens.exchangeSignedRequest(request);
  }

  async function register(more: { userId?: string; actions?: string[] } = {}) {
    count += 1;
    const key = systemIds.bytes(32);
    const { address } = signText(key, '');
    const { provider } = await admin.providers.registerProvider({
      requestId: '',
      name: `p${count}`,
      address: address.toUpperCase().replace('0X', '0x'),
      userId: user.id,
      actions: ['clones.stop'],
      ...more,
    });
    assert.ok(provider);
    assert.equal(provider.address, address);
    return { key, provider };
  }
});

describe('the list of providers', () => {
  it('has each name and each address once, and says what it was asked to be', async () => {
    await using house = await openHouse();
    const { providers } = await house.asAdmin();
    const { id: userId } = await house.teams.createUser('ocean');
    const wish = {
      ...{ requestId: 'r1', name: 'one', address: `0x${'a'.repeat(40)}`, userId },
      actions: ['clones.create'],
    };
    const { provider } = await providers.registerProvider(wish);
    assert.deepEqual((await providers.registerProvider(wish)).provider, provider);

    const again = { ...wish, requestId: '' };
    await assert.rejects(providers.registerProvider(again), { reason: 'NAME_TAKEN' });
    const alike = { ...again, name: 'two', address: `0x${'A'.repeat(40)}` };
    await assert.rejects(providers.registerProvider(alike), { reason: 'ADDRESS_TAKEN' });
    const nobody = { ...alike, address: `0x${'b'.repeat(40)}`, userId: `usr_${'0'.repeat(26)}` };
    await assert.rejects(providers.registerProvider(nobody), { reason: 'USER_NOT_FOUND' });
    const idle = { ...again, name: 'idle', actions: [] };
    await assert.rejects(providers.registerProvider(idle), { reason: 'REQUEST_INVALID' });

    const off = { id: provider?.id ?? '', actions: [], enabled: false, etag: provider?.etag ?? '' };
    const changed = await providers.updateProvider(off);
    assert.ok(changed.provider?.disableTime);
    assert.deepEqual(changed.provider?.actions, ['clones.create']);
    await assert.rejects(providers.updateProvider(off), { reason: 'ETAG_STALE' });
    const listed = await providers.listProviders(FIRST);
    assert.deepEqual(listed.providers, [changed.provider]);
  });
});

/** Calls until the token is refused: what was revoked is known within a second. */
async function refusedSoon(call: () => Promise<unknown>): Promise<void> {
  const outcome = (): Promise<string> =>
    call().then(
      () => '',
      ({ reason }) => reason,
    );
  let reason = '';
  while (reason === '') reason = await outcome();
  assert.equal(reason, 'TOKEN_REVOKED');
}

/** A request to stop a clone, with what a test says of it, signed as it is. */
function signed(
  key: Uint8Array,
  change: Partial<ExchangeSignedRequestRequest>,
): ExchangeSignedRequestRequest {
  const request = {
    ...{ action: 'clones.stop', targetId: CLONE, ownerId: '', nonce: 1n },
    expireTime: new Date(Date.now() + 5 * MINUTE_MS),
    ...change,
  };
  const { action, targetId, ownerId, nonce, expireTime } = request;
  // As docs/signed-requests.md tells a provider to.
  const text = `Ramet signed request, version 2
mesh: ${meshId}
action: ${action}
target: ${targetId}
owner: ${ownerId}
nonce: ${nonce}
expires: ${expireTime?.toISOString()}`;
  return { ...request, signature: signText(key, text).signature };
}
