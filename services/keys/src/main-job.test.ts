// Goal: the part of keys in the main job, as its callers see it.
// Method: the real service on a real database; lifecycle and teams are played by real servers.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { KeyAlgorithm } from '@ramet/proto-gen/keys.v1';
import { systemIds } from '@ramet/service';
import { as } from './support/callers.js';
import {
  authorize,
  createKeyOf,
  keyRequest,
  LIFECYCLE,
  newTenant,
  newUser,
  reasonOf,
  signRaw,
  startWorld,
  type World,
} from './support/world.js';

describe('keys in the main job', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('creates a key, gives it to a clone, signs with it, takes it back', async () => {
    const userId = newUser();
    const secret = 'a secret of more than 16 bytes';
    const material = { $case: 'secret', value: Buffer.from(secret) } as const;
    const key = await createKeyOf(world, userId, { material });
    const user = as(`user:${userId}`);
    const all = { owner: undefined, keyId: '', pageSize: 0, pageToken: '' };
    assert.deepEqual((await world.keys.listAvailableKeys(all, user)).keys, [key]);

    const tenant = await newTenant(world, { userId, keyId: key.id });
    await authorize(world, tenant);
    assert.deepEqual((await world.keys.listAvailableKeys(all, user)).keys, []);
    const { key: held } = await world.keys.getKey({ id: key.id }, user);
    assert.equal(held?.hold?.cloneId, tenant.cloneId);

    const signature = await signRaw(world, tenant, 'a payload');
    assert.deepEqual(signature, createHmac('sha256', secret).update('a payload').digest());

    const { keyId, cloneId } = tenant;
    assert.deepEqual(await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE), {
      released: true,
    });
    assert.equal(await reasonOf(signRaw(world, tenant, 'a payload')), 'GRANT_REVOKED');
    const [free] = (await world.keys.listAvailableKeys(all, user)).keys;
    assert.equal(free?.id, key.id);
    assert.equal(free?.hold, undefined);
  });

  it('lists what was signed, newest first, in pages', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    for (const id of ['r1', 'r2', 'r3']) await signRaw(world, tenant, `payload ${id}`, id);

    const user = as(`user:${tenant.userId}`);
    const request = { keyId: tenant.keyId, cloneId: '', pageSize: 2, pageToken: '' };
    const first = await world.keys.listSignatures(request, user);
    const pageToken = first.nextPageToken;
    const second = await world.keys.listSignatures({ ...request, pageToken }, user);

    const ids = [...first.signatures, ...second.signatures].map(({ requestId }) => requestId);
    assert.deepEqual(ids, ['r3', 'r2', 'r1']);
    assert.equal(second.nextPageToken, '');
    const [row] = first.signatures;
    assert.equal(row?.cloneId, tenant.cloneId);
    assert.equal(row?.scheme, 'raw');
    assert.equal(row?.payloadDigest.length, 32);
  });

  it('lists what one of the clones had signed that held a key in turns', async () => {
    const userId = newUser();
    const { id: keyId } = await createKeyOf(world, userId);
    const [one, other] = [
      await newTenant(world, { userId, keyId }),
      await newTenant(world, { userId, keyId }),
    ];
    for (const [turn, tenant] of [one, other, one, other].entries()) {
      const epoch = 1 + Math.floor(turn / 2);
      const clone = world.peers.clones.get(tenant.cloneId) ?? assert.fail('there is no clone');
      world.peers.clones.set(tenant.cloneId, { ...clone, epoch });
      const now = { ...tenant, executionId: systemIds.make('exe'), epoch };
      await authorize(world, now);
      for (const nth of [0, 1]) await signRaw(world, now, 'payload', `r${turn}-${nth}`);
      await world.grants.releaseKey({ keyId, cloneId: tenant.cloneId }, LIFECYCLE);
    }

    const ids: string[] = [];
    for (let pageToken = '', isFirst = true; isFirst || pageToken !== ''; isFirst = false) {
      const request = { keyId, cloneId: one.cloneId, pageSize: 3, pageToken };
      const page = await world.keys.listSignatures(request, as(`user:${userId}`));
      ids.push(...page.signatures.map(({ requestId }) => requestId));
      pageToken = page.nextPageToken;
    }
    assert.deepEqual(ids, ['r2-1', 'r2-0', 'r0-1', 'r0-0']);
  });

  it('keeps a history of keys, holds and grants that follows link by link', async () => {
    const tenant = await newTenant(world);
    const grantId = await authorize(world, tenant);
    const { keyId, cloneId } = tenant;
    await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);
    await world.keys.deleteKey(
      { id: keyId, etag: '', deleteAfter: undefined },
      as(`user:${tenant.userId}`),
    );

    const rows = await world.db.query<{ kind: string; seq: number; actor: string }>(
      'select kind, seq, actor from history where aggregate = $1 order by seq',
      [keyId],
    );

    assert.deepEqual(rows, [
      { kind: 'key.created', seq: 1, actor: `user:${tenant.userId}` },
      { kind: 'key.held', seq: 2, actor: 'service:lifecycle' },
      { kind: 'key.grant_made', seq: 3, actor: 'service:lifecycle' },
      { kind: 'key.grant_revoked', seq: 4, actor: 'service:lifecycle' },
      { kind: 'key.released', seq: 5, actor: 'service:lifecycle' },
      { kind: 'key.deleted', seq: 6, actor: `user:${tenant.userId}` },
    ]);
    assert.match(grantId, /^gra_/);
  });

  it('tells its history to the services, in order and without gaps, and to nobody else', async () => {
    const tenant = await newTenant(world);
    const reader = as('service:lifecycle');
    const positions: bigint[] = [];
    let seen = false;
    while (!seen) {
      const after = positions.at(-1) ?? 0n;
      const { entries } = await world.history.readHistory({ after, pageSize: 3 }, reader);
      positions.push(...entries.map(({ position }) => position));
      seen = entries.some(({ aggregateId }) => aggregateId === tenant.keyId);
    }

    assert.deepEqual(
      positions,
      positions.map((_, index) => BigInt(index + 1)),
    );
    const user = as(`user:${tenant.userId}`);
    const refused = world.history.readHistory({ after: 0n, pageSize: 0 }, user);
    assert.equal(await reasonOf(refused), 'PERMISSION_DENIED');
  });

  it('makes one key of a repeated request, and refuses another one of its id', async () => {
    const userId = newUser();
    const user = as(`user:${userId}`);
    const material = () => ({ $case: 'secret', value: Buffer.from('0123456789abcdef') }) as const;
    const request = keyRequest(userId, { requestId: 'r1', name: 'one' });

    const first = await world.keys.createKey({ ...request, material: material() }, user);
    const again = await world.keys.createKey({ ...request, material: material() }, user);
    const other = { $case: 'secret', value: Buffer.from('0123456789abcdeX') } as const;

    assert.deepEqual(again, first);
    const reused = world.keys.createKey({ ...request, material: other }, user);
    assert.equal(await reasonOf(reused), 'REQUEST_ID_REUSED');
  });

  it('refuses a second key of the same name or the same secret in one owner', async () => {
    const userId = newUser();
    const user = as(`user:${userId}`);
    const material = () => ({ $case: 'secret', value: Buffer.from('the same secret!') }) as const;
    await createKeyOf(world, userId, { name: 'first', material: material() });

    const sameName = world.keys.createKey(keyRequest(userId, { name: 'first' }), user);
    const sameSecret = world.keys.createKey(keyRequest(userId, { material: material() }), user);

    assert.equal(await reasonOf(sameName), 'NAME_TAKEN');
    assert.equal(await reasonOf(sameSecret), 'KEY_DUPLICATE');
    const elsewhere = newUser();
    await createKeyOf(world, elsewhere, { name: 'first', material: material() });
  });

  it('creates nothing when asked to validate only', async () => {
    const userId = newUser();
    const user = as(`user:${userId}`);
    const request = keyRequest(userId, { validateOnly: true, name: 'one' });

    const { key } = await world.keys.createKey(request, user);

    assert.equal(key?.id, '');
    const owner = request.owner;
    const { keys } = await world.keys.listKeys(
      { owner, pageSize: 0, pageToken: '', deleted: false },
      user,
    );
    assert.deepEqual(keys, []);
    await createKeyOf(world, userId, { name: 'one' });
    assert.equal(await reasonOf(world.keys.createKey(request, user)), 'NAME_TAKEN');
  });

  it('makes no secret when asked to validate only, and tells of one that is a key already', async () => {
    const userId = newUser();
    const user = as(`user:${userId}`);
    const algorithm = KeyAlgorithm.RSA_PSS_SHA256;
    const large = { $case: 'generate', value: { rsaBits: 4_096 } } as const;

    for (let nth = 0; nth < 20; nth += 1) {
      const request = keyRequest(userId, { validateOnly: true, algorithm, material: large });
      const { key } = await world.keys.createKey(request, user);
      assert.equal(key?.publicKey.length, 0);
    }
    const given = { $case: 'secret', value: Buffer.from('a secret of its owner') } as const;
    const check = () => keyRequest(userId, { validateOnly: true, material: { ...given } });
    assert.equal(await reasonOf(world.keys.createKey(check(), user)), 'OK');
    await createKeyOf(world, userId, { material: given });
    assert.equal(await reasonOf(world.keys.createKey(check(), user)), 'KEY_DUPLICATE');
  });

  it('gives out the public key of an asymmetric key only', async () => {
    const userId = newUser();

    const hmac = await createKeyOf(world, userId);
    const ed25519 = await createKeyOf(world, userId, { algorithm: KeyAlgorithm.ED25519 });

    assert.equal(hmac.publicKey.length, 0);
    assert.equal(ed25519.publicKey.length, 44);
  });
});
