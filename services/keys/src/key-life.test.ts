// Goal: the life of a key as its owner and the clones that hold it see it: updated, disabled,
// deleted, taken back, destroyed. Its versions have a file of their own.
// Method: the real service on a real database, two replicas of it where it matters which one is
// asked. What takes days is made due by moving its time in the database.
import assert from 'node:assert/strict';
import { KeyAlgorithm, KeyState, UpdateKeyRequest } from '@ramet/proto-gen/keys.v1';
import { systemClock } from '@ramet/service';
import { as } from './support/callers.js';
import { KeyOwners } from './support/key-owners.js';
import {
  authorize,
  createKeyOf,
  newTenant,
  newUser,
  type Replica,
  reasonOf,
  signRaw,
  startWorld,
  type World,
} from './support/world.js';

const HOUR_MS = 3_600_000;
/** More than are looked at together. */
const STUCK = 70;
const FIRST = 'the first secret of the key';
const SECOND = 'the second secret of the key';

describe('the life of a key', () => {
  let world: World;
  let replica: Replica;
  let owners: KeyOwners;

  before(async () => {
    world = await startWorld();
    replica = await world.addReplica();
    owners = new KeyOwners(world);
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  describe('that is disabled', () => {
    it('signs nothing on any replica, and again once it is enabled', async () => {
      const tenant = await newTenant(world);
      await authorize(world, tenant);
      await signRaw(replica, tenant, 'payload', 'r1');

      const off = await world.keys.disableKey(
        { id: tenant.keyId, etag: '' },
        as(`user:${tenant.userId}`),
      );
      assert.equal(off.key?.state, KeyState.DISABLED);
      for (const each of [world, replica]) {
        assert.equal(await reasonOf(signRaw(each, tenant, 'payload', 'r1')), 'KEY_DISABLED');
        assert.equal(await reasonOf(signRaw(each, tenant, 'payload')), 'KEY_DISABLED');
      }

      const on = await replica.keys.enableKey(
        { id: tenant.keyId, etag: '' },
        as(`user:${tenant.userId}`),
      );
      assert.equal(on.key?.state, KeyState.ENABLED);
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r1')), 'OK');
    });

    it('is not offered, and not given to a clone', async () => {
      const tenant = await newTenant(world);
      await world.keys.disableKey({ id: tenant.keyId, etag: '' }, as(`user:${tenant.userId}`));

      assert.deepEqual(await owners.available(tenant), []);
      assert.equal(await reasonOf(authorize(world, tenant)), 'KEY_DISABLED');
    });
  });

  describe('with a time', () => {
    it('signs within it alone, also for grants that are there', async () => {
      const tenant = await newTenant(world);
      await authorize(world, tenant);
      await signRaw(world, tenant, 'payload', 'r1');

      await owners.update(tenant, { validUntil: inMs(-1), updateMask: ['valid_until'] });
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r1')), 'KEY_EXPIRED');
      await owners.update(tenant, {
        validFrom: inMs(HOUR_MS),
        updateMask: ['valid_from', 'valid_until'],
      });
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'KEY_NOT_YET_VALID');
      await owners.update(tenant, { updateMask: ['valid_from'] });
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r1')), 'OK');
    });

    it('stops signing for a running clone when it is over, without being told', async () => {
      const tenant = await newTenant(world);
      await authorize(world, tenant);
      const validUntil = inMs(700);
      await owners.update(tenant, { validUntil });
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'OK');

      await systemClock.sleep(validUntil.getTime() - systemClock.now().getTime() + 20);

      assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'KEY_EXPIRED');
    });

    it('that is not now is not offered, and not given to a clone', async () => {
      for (const [bounds, reason] of [
        [{ validUntil: inMs(-1) }, 'KEY_EXPIRED'],
        [{ validFrom: inMs(HOUR_MS) }, 'KEY_NOT_YET_VALID'],
      ] as const) {
        const tenant = await newTenant(world, { key: bounds });
        assert.deepEqual(await owners.available(tenant), []);
        assert.equal(await reasonOf(authorize(world, tenant)), reason);
      }
    });

    it('whose end is not after its beginning is refused, and nothing is created', async () => {
      const userId = newUser();
      const bounds = { validFrom: inMs(HOUR_MS), validUntil: inMs(HOUR_MS - 1) };
      assert.equal(await reasonOf(createKeyOf(world, userId, bounds)), 'REQUEST_INVALID');
      const tenant = await newTenant(world);
      assert.equal(await reasonOf(owners.update(tenant, bounds)), 'REQUEST_INVALID');
    });
  });

  describe('that is the default one', () => {
    it('is not offered to clones, and given to one that asks for it', async () => {
      const tenant = await newTenant(world, { key: { defaultKey: true } });

      assert.deepEqual(await owners.available(tenant), []);
      const all = { owner: undefined, keyId: tenant.keyId, pageSize: 0, pageToken: '' };
      const { keys } = await world.keys.listAvailableKeys(all, as(`user:${tenant.userId}`));
      assert.deepEqual(
        keys.map(({ id }) => id),
        [tenant.keyId],
      );
      assert.equal(await reasonOf(authorize(world, tenant)), 'OK');
    });

    it('is one for an owner and a venue: the next one takes its place, unless it is held', async () => {
      const userId = newUser();
      const first = await createKeyOf(world, userId, { defaultKey: true });
      const second = await createKeyOf(world, userId, { defaultKey: true });
      assert.equal((await owners.get({ userId, keyId: first.id })).defaultKey, false);

      const tenant = await newTenant(world, { userId, keyId: second.id });
      await authorize(world, tenant);
      const taking = owners.update({ ...tenant, keyId: first.id }, { defaultKey: true });
      assert.equal(await reasonOf(taking), 'KEY_IN_USE');
    });

    it('is one also when two become it at once', async () => {
      const userId = newUser();
      const ids = await Promise.all(
        Array.from({ length: 4 }, async () => (await createKeyOf(world, userId)).id),
      );
      const made = ids.map((id, nth) =>
        reasonOf(
          (nth % 2 === 0 ? world : replica).keys.updateKey(
            UpdateKeyRequest.fromPartial({ id, defaultKey: true }),
            as(`user:${userId}`),
          ),
        ),
      );
      for (const reason of await Promise.all(made)) {
        assert.match(reason, /^(OK|ETAG_STALE)$/);
      }
      const keys = await Promise.all(ids.map((id) => owners.get({ userId, keyId: id })));
      assert.equal(keys.filter(({ defaultKey }) => defaultKey).length, 1);
    });
  });

  describe('that is deleted', () => {
    it('keeps its secret, and is as it was when that is taken back', async () => {
      const tenant = await newTenant(world);
      const before = await owners.get(tenant);

      const { key } = await owners.remove(tenant);
      assert.equal(key?.state, KeyState.PENDING_DELETION);
      assert.equal(key.purgeTime?.getTime(), (key.deleteTime?.getTime() ?? 0) + 7 * 24 * HOUR_MS);
      assert.deepEqual(await owners.secretsOf(tenant), [true]);
      assert.equal(await reasonOf(authorize(world, tenant)), 'KEY_NOT_FOUND');

      const back = await world.keys.undeleteKey({ id: tenant.keyId }, as(`user:${tenant.userId}`));
      const { updateTime, etag, ...rest } = before;
      assert.deepEqual({ ...back.key, updateTime, etag }, { ...rest, updateTime, etag });
      await authorize(world, tenant);
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'OK');
    });

    it('is found by its owner, apart from others, as long as it can come back', async () => {
      const tenant = await newTenant(world);
      const { userId, keyId } = tenant;
      const owner = { owner: { $case: 'userId', value: userId } } as const;
      const list = async (deleted: boolean, asker = userId) => {
        const request = { owner, pageSize: 0, pageToken: '', deleted };
        const { keys } = await world.keys.listKeys(request, as(`user:${asker}`));
        return keys.map(({ id }) => id);
      };

      assert.deepEqual([await list(false), await list(true)], [[keyId], []]);
      await owners.remove(tenant);
      assert.deepEqual([await list(false), await list(true)], [[], [keyId]]);
      assert.equal(await reasonOf(list(true, newUser())), 'USER_NOT_FOUND');

      await world.db.query('update key set destroyed_at = ramet_now() where id = $1', [keyId]);
      assert.deepEqual(await list(true), []);
    });

    it('loses its secret after the wait, and does not come back', async () => {
      const tenant = await newTenant(world);
      await owners.remove(tenant);
      const past = 'update key set purge_at = ramet_now() where id = $1';
      await world.db.query(past, [tenant.keyId]);
      await using _ = await world.addReplica({ destroyMs: 10 });

      await owners.until(tenant, ({ state }) => state === KeyState.DESTROYED);

      assert.deepEqual(await owners.secretsOf(tenant), [false]);
      const back = world.keys.undeleteKey({ id: tenant.keyId }, as(`user:${tenant.userId}`));
      assert.equal(await reasonOf(back), 'KEY_DELETED');
      assert.equal(await reasonOf(owners.update(tenant, { name: 'again' })), 'KEY_DELETED');
    });

    it('loses its secret although many others that were due before cannot lose theirs', async () => {
      await using own = await startWorld();
      const userId = newUser();
      for (let nth = 0; nth < STUCK; nth += 1) await createKeyOf(own, userId);
      const { id: ownId } = await createKeyOf(own, userId);
      await own.db.query(
        `update key set deleted_at = ramet_now(),
           purge_at = ramet_now() - case when id = $1 then '1 hour' else '2 hours' end::interval`,
        [ownId],
      );
      await own.db.query(`
        create function stuck() returns trigger language plpgsql
        as $$ begin raise exception 'stuck'; end $$`);
      await own.db.query(`
        create trigger stuck before update on key_version for each row
        when (old.key_id <> '${ownId}') execute function stuck()`);

      await using _ = await own.addReplica({ destroyMs: 10 });
      for (let isThere = true; isThere; ) {
        const sql = 'select 1 from key_version where key_id = $1 and sealed is not null';
        isThere = (await own.db.query(sql, [ownId])).length > 0;
      }
    });

    it('frees its name and its secret, and cannot come back once they are taken', async () => {
      const userId = newUser();
      const given = (name: string, secret: string) => ({
        ...{ name, material: { $case: 'secret', value: Buffer.from(secret) } as const },
      });
      const { id } = await createKeyOf(world, userId, given('paper', FIRST));
      await world.keys.deleteKey({ id, etag: '', deleteAfter: undefined }, as(`user:${userId}`));
      const undelete = () => reasonOf(world.keys.undeleteKey({ id }, as(`user:${userId}`)));

      const named = await createKeyOf(world, userId, given('paper', SECOND));
      assert.equal(await undelete(), 'NAME_TAKEN');
      const renamed = { id: named.id, name: 'other' };
      await world.keys.updateKey(UpdateKeyRequest.fromPartial(renamed), as(`user:${userId}`));
      const twin = await createKeyOf(world, userId, given('twin', FIRST));
      assert.equal(await undelete(), 'KEY_DUPLICATE');
      const request = { id: twin.id, etag: '', deleteAfter: undefined };
      await world.keys.deleteKey(request, as(`user:${userId}`));
      assert.equal(await undelete(), 'OK');
    });

    it('waits as long as is said, within a day and thirty', async () => {
      const tenant = await newTenant(world);
      for (const seconds of [86_399n, 2_592_001n]) {
        assert.equal(await reasonOf(owners.remove(tenant, seconds)), 'REQUEST_INVALID');
      }
      const { key } = await owners.remove(tenant, 86_400n);
      assert.equal(key?.purgeTime?.getTime(), (key?.deleteTime?.getTime() ?? 0) + 24 * HOUR_MS);
    });
  });

  it('begins only if the terms of the venue are accepted, where it asks for that', async () => {
    await using own = await startWorld({ venueTerms: new Map([['binance', '2026-01']]) });
    const userId = newUser();

    for (const acceptTerms of ['', '2025-12']) {
      const key = { venue: 'binance', acceptTerms };
      assert.equal(await reasonOf(createKeyOf(own, userId, key)), 'TERMS_NOT_ACCEPTED');
    }
    const accepted = await createKeyOf(own, userId, { venue: 'binance', acceptTerms: '2026-01' });
    assert.equal(accepted.acceptedTerms, '2026-01');
    assert.equal((await createKeyOf(own, userId)).acceptedTerms, '');
  });

  it('changes only as it was read, and only in what the mask names', async () => {
    const tenant = await newTenant(world, { key: { labels: { desk: 'one' } } });
    const stale = { etag: 'r9', name: 'other' };
    assert.equal(await reasonOf(owners.update(tenant, stale)), 'ETAG_STALE');
    assert.equal(
      await reasonOf(owners.update(tenant, { updateMask: ['algorithm'] })),
      'REQUEST_INVALID',
    );

    const { key } = await owners.update(tenant, { name: 'other', updateMask: ['labels'] });
    assert.deepEqual(key?.labels, {});
    assert.notEqual(key?.name, 'other');
  });

  for (const [name, algorithm] of [
    ['P-256', KeyAlgorithm.ECDSA_P256],
    ['secp256k1', KeyAlgorithm.ECDSA_SECP256K1],
    ['RSA', KeyAlgorithm.RSA_PKCS1_SHA256],
  ] as const) {
    it(`is one with ${name} too: it signs a repeated request the same`, async () => {
      const tenant = await newTenant(world, { key: { algorithm } });
      await authorize(world, tenant);
      const first = await signRaw(world, tenant, 'payload', 'r1');
      assert.deepEqual(await signRaw(replica, tenant, 'payload', 'r1'), first);
    });
  }

  it('T29: does not begin with a public key that is not that of the secret', async () => {
    const userId = newUser();
    const other = await createKeyOf(world, userId, { algorithm: KeyAlgorithm.ECDSA_P256 });
    const wrong = createKeyOf(world, userId, {
      name: 'wrong',
      algorithm: KeyAlgorithm.ECDSA_P256,
      material: { $case: 'secret', value: Buffer.alloc(32, 7) },
      claimedPublicKey: other.publicKey,
    });

    await assert.rejects(
      wrong,
      (thrown: { violations?: readonly { field: string }[] }) =>
        thrown.violations?.[0]?.field === 'claimed_public_key',
    );
    const rows = await world.db.query("select 1 from key where owner_id = $1 and name = 'wrong'", [
      userId,
    ]);
    assert.deepEqual(rows, []);
  });

  it('has no public key that was named before it was made', async () => {
    const userId = newUser();
    const other = await createKeyOf(world, userId, { algorithm: KeyAlgorithm.ECDSA_P256 });
    const claimed = {
      algorithm: KeyAlgorithm.ECDSA_P256,
      material: { $case: 'generate', value: { rsaBits: 0 } },
      claimedPublicKey: other.publicKey,
    } as const;

    for (const validateOnly of [true, false]) {
      const made = createKeyOf(world, userId, { ...claimed, name: 'made', validateOnly });
      await assert.rejects(
        made,
        ({ violations }) => violations[0]?.field === 'claimed_public_key',
        `validate only: ${validateOnly}`,
      );
    }
  });
});

function inMs(ms: number): Date {
  return new Date(systemClock.now().getTime() + ms);
}
