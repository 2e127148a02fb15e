// Goal: the life of a key as its owner and the clones that hold it see it: updated, disabled, rotated,
// deleted, taken back, destroyed.
// Method: the real service on a real database, two replicas of it where it matters which one is
// asked. What takes days is made due by moving its time in the database.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import {
  type Key,
  KeyAlgorithm,
  KeyState,
  RotateKeyRequest,
  UpdateKeyRequest,
} from '@ramet/proto-gen/keys.v1';
import { systemClock, systemIds } from '@ramet/service';
import { as } from './support/callers.js';
import {
  authorize,
  createKeyOf,
  newTenant,
  newUser,
  type Replica,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

const HOUR_MS = 3_600_000;
/** More than are looked at together. */
const STUCK = 70;
const FIRST = 'the first secret of the key';
const SECOND = 'the second secret of the key';
const THIRD = 'the third secret of the key';

describe('the life of a key', () => {
  let world: World;
  let replica: Replica;

  before(async () => {
    world = await startWorld();
    replica = await world.addReplica();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  describe('that is disabled', () => {
    it('signs nothing on any replica, and again once it is enabled', async () => {
      const tenant = await newTenant(world);
      await authorize(world, tenant);
      await signRaw(replica, tenant, 'payload', 'r1');

      const off = await world.keys.disableKey({ id: tenant.keyId, etag: '' }, owner(tenant));
      assert.equal(off.key?.state, KeyState.DISABLED);
      for (const each of [world, replica]) {
        assert.equal(await reasonOf(signRaw(each, tenant, 'payload', 'r1')), 'KEY_DISABLED');
        assert.equal(await reasonOf(signRaw(each, tenant, 'payload')), 'KEY_DISABLED');
      }

      const on = await replica.keys.enableKey({ id: tenant.keyId, etag: '' }, owner(tenant));
      assert.equal(on.key?.state, KeyState.ENABLED);
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r1')), 'OK');
    });

    it('is not offered, and not given to a clone', async () => {
      const tenant = await newTenant(world);
      await world.keys.disableKey({ id: tenant.keyId, etag: '' }, owner(tenant));

      assert.deepEqual(await available(tenant), []);
      assert.equal(await reasonOf(authorize(world, tenant)), 'KEY_DISABLED');
    });
  });

  describe('with a time', () => {
    it('signs within it alone, also for grants that are there', async () => {
      const tenant = await newTenant(world);
      await authorize(world, tenant);
      await signRaw(world, tenant, 'payload', 'r1');

      await update(tenant, { validUntil: inMs(-1), updateMask: ['valid_until'] });
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r1')), 'KEY_EXPIRED');
      await update(tenant, { validFrom: inMs(HOUR_MS), updateMask: ['valid_from', 'valid_until'] });
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'KEY_NOT_YET_VALID');
      await update(tenant, { updateMask: ['valid_from'] });
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r1')), 'OK');
    });

    it('stops signing for a running clone when it is over, without being told', async () => {
      const tenant = await newTenant(world);
      await authorize(world, tenant);
      const validUntil = inMs(700);
      await update(tenant, { validUntil });
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
        assert.deepEqual(await available(tenant), []);
        assert.equal(await reasonOf(authorize(world, tenant)), reason);
      }
    });

    it('whose end is not after its beginning is refused, and nothing is created', async () => {
      const userId = newUser();
      const bounds = { validFrom: inMs(HOUR_MS), validUntil: inMs(HOUR_MS - 1) };
      assert.equal(await reasonOf(createKeyOf(world, userId, bounds)), 'REQUEST_INVALID');
      const tenant = await newTenant(world);
      assert.equal(await reasonOf(update(tenant, bounds)), 'REQUEST_INVALID');
    });
  });

  describe('that is the default one', () => {
    it('is not offered to clones, and given to one that asks for it', async () => {
      const tenant = await newTenant(world, { key: { defaultKey: true } });

      assert.deepEqual(await available(tenant), []);
      const all = { owner: undefined, keyId: tenant.keyId, pageSize: 0, pageToken: '' };
      const { keys } = await world.keys.listAvailableKeys(all, owner(tenant));
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
      assert.equal((await get(userId, first.id)).defaultKey, false);

      const tenant = await newTenant(world, { userId, keyId: second.id });
      await authorize(world, tenant);
      const taking = update({ ...tenant, keyId: first.id }, { defaultKey: true });
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
      const keys = await Promise.all(ids.map((id) => get(userId, id)));
      assert.equal(keys.filter(({ defaultKey }) => defaultKey).length, 1);
    });
  });

  describe('that gets a new version', () => {
    it('signs with the old one until the overlap is over, then with the new one', async () => {
      const tenant = await rotatedTenant(HOUR_MS);
      assert.deepEqual(await signRaw(world, tenant, 'payload'), signed(FIRST));
      const other = { ...tenant, executionId: systemIds.make('exe'), epoch: 2 };
      nextEpoch(other);
      await authorize(world, other);
      assert.deepEqual(await signRaw(world, other, 'payload'), signed(SECOND));

      const former = await rotatedTenant(HOUR_MS);
      await overlapIsOver(former);
      await using fresh = await world.addReplica();
      assert.deepEqual(await signRaw(fresh, former, 'payload'), signed(SECOND));
    });

    it('signs with the new one at once without an overlap, for a grant that is there', async () => {
      const tenant = await rotatedTenant(0);
      assert.deepEqual(await signRaw(world, tenant, 'payload'), signed(SECOND));
    });

    it('signs with the one before while its overlap lasts, also if that came at once', async () => {
      const tenant = await rotatedTenant(0);
      await rotate(tenant, THIRD, HOUR_MS);
      assert.deepEqual(await signRaw(world, tenant, 'payload'), signed(SECOND));
    });

    it('signs with the new one at once without an overlap, also if an earlier one has one', async () => {
      const tenant = await rotatedTenant(HOUR_MS);
      await rotate(tenant, THIRD, 0);
      for (const each of [replica, world]) {
        assert.deepEqual(await signRaw(each, tenant, 'payload'), signed(THIRD));
      }
      const { versions } = await get(tenant.userId, tenant.keyId);
      const [, second, first] = versions.map(({ retireTime }) => retireTime);
      assert.deepEqual(first, second);
    });

    it('signs with the new one at once on every replica, whatever it has open', async () => {
      const material = { $case: 'secret', value: Buffer.from(FIRST) } as const;
      const tenant = await newTenant(world, { key: { material } });
      await authorize(world, tenant);
      assert.deepEqual(await signRaw(replica, tenant, 'payload', 'before'), signed(FIRST));
      await rotate(tenant, SECOND, 0);

      assert.deepEqual(await signRaw(replica, tenant, 'payload', 'after'), signed(SECOND));
      assert.deepEqual(await signRaw(world, tenant, 'payload', 'after'), signed(SECOND));
      for (const each of [replica, world]) {
        const again = signRaw(each, tenant, 'payload', 'before');
        assert.equal(await reasonOf(again), 'KEY_VERSION_RETIRED');
      }
      assert.deepEqual(await versionsLogged(tenant), [2, 1]);
    });

    it('signs a repeated request the same while the old one still signs', async () => {
      const tenant = await rotatedTenant(HOUR_MS);
      const first = await signRaw(world, tenant, 'payload', 'r1');
      assert.deepEqual(await signRaw(replica, tenant, 'payload', 'r1'), first);
      await rotate(tenant, THIRD, HOUR_MS);
      assert.deepEqual(await signRaw(replica, tenant, 'payload', 'r1'), first);
    });

    it('destroys the old one after the overlap, and the grant goes on', async () => {
      const tenant = await rotatedTenant(HOUR_MS);
      await overlapIsOver(tenant);
      await using destroyer = await world.addReplica({ destroyMs: 10 });
      const key = await until(tenant, ({ versions }) => versions[1]?.destroyTime !== undefined);

      assert.deepEqual(
        key.versions.map(({ number }) => number),
        [2, 1],
      );
      assert.deepEqual(await secretsOf(tenant), [true, false]);
      assert.deepEqual(await signRaw(destroyer, tenant, 'payload'), signed(SECOND));
    });

    it('destroys the old one also when more versions came since than are told of', async () => {
      const tenant = await rotatedTenant(HOUR_MS);
      const hidden = 25;
      await world.db.query(
        `insert into key_version (key_id, version, kek_id, created_at, owner_kind, owner_id,
                                  fingerprint, is_taken, public_key, venue_key_id, origin, retire_at,
                                  destroyed_at)
         select key_id, version + nth, kek_id, created_at, owner_kind, owner_id, fingerprint, false,
                public_key, venue_key_id, origin, created_at, created_at
         from key_version, generate_series(1, $2::integer) as nth where key_id = $1 and version = 2`,
        [tenant.keyId, hidden],
      );
      await world.db.query('update key set version = 2 + $2 where id = $1', [tenant.keyId, hidden]);
      await overlapIsOver(tenant);
      await using _ = await world.addReplica({ destroyMs: 10 });

      const key = await until(
        tenant,
        ({ versions }) => !versions.some(({ number, destroyTime }) => number === 1 && !destroyTime),
      );

      assert.equal(key.versions.length, 21);
      assert.deepEqual((await secretsOf(tenant)).slice(-2), [true, false]);
    });

    it('does so once for a request id, whoever is asked', async () => {
      const { userId, keyId } = await newTenant(world);
      const request = RotateKeyRequest.fromPartial({
        ...{ id: keyId, requestId: 'rotate-1', material: { $case: 'generate', value: {} } },
      });
      const keys = await Promise.all(
        [world, replica, world, replica].map(async (each) => {
          return (await each.keys.rotateKey(request, as(`user:${userId}`))).key;
        }),
      );
      assert.deepEqual(new Set(keys.map((key) => key?.versions.length)), new Set([2]));
    });

    it('refuses a secret that is a key of the owner, also an earlier version', async () => {
      const tenant = await rotatedTenant(HOUR_MS);
      for (const secret of [FIRST, SECOND]) {
        assert.equal(await reasonOf(rotate(tenant, secret)), 'KEY_DUPLICATE');
      }
    });

    it('wants to know what the venue calls the new one, if it calls the old one something', async () => {
      const key = { venue: 'binance', venueKeyId: 'first' };
      const tenant = await newTenant(world, { key });
      assert.equal(await reasonOf(rotate(tenant, SECOND)), 'REQUEST_INVALID');
    });
  });

  describe('that is deleted', () => {
    it('keeps its secret, and is as it was when that is taken back', async () => {
      const tenant = await newTenant(world);
      const before = await get(tenant.userId, tenant.keyId);

      const { key } = await remove(tenant);
      assert.equal(key?.state, KeyState.PENDING_DELETION);
      assert.equal(key.purgeTime?.getTime(), (key.deleteTime?.getTime() ?? 0) + 7 * 24 * HOUR_MS);
      assert.deepEqual(await secretsOf(tenant), [true]);
      assert.equal(await reasonOf(authorize(world, tenant)), 'KEY_NOT_FOUND');

      const back = await world.keys.undeleteKey({ id: tenant.keyId }, owner(tenant));
      const { updateTime, etag, ...rest } = before;
      assert.deepEqual({ ...back.key, updateTime, etag }, { ...rest, updateTime, etag });
      await authorize(world, tenant);
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'OK');
    });

    it('loses its secret after the wait, and does not come back', async () => {
      const tenant = await newTenant(world);
      await remove(tenant);
      const past = 'update key set purge_at = ramet_now() where id = $1';
      await world.db.query(past, [tenant.keyId]);
      await using _ = await world.addReplica({ destroyMs: 10 });

      await until(tenant, ({ state }) => state === KeyState.DESTROYED);

      assert.deepEqual(await secretsOf(tenant), [false]);
      const back = world.keys.undeleteKey({ id: tenant.keyId }, owner(tenant));
      assert.equal(await reasonOf(back), 'KEY_DELETED');
      assert.equal(await reasonOf(update(tenant, { name: 'again' })), 'KEY_DELETED');
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
        assert.equal(await reasonOf(remove(tenant, seconds)), 'REQUEST_INVALID');
      }
      const { key } = await remove(tenant, 86_400n);
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
    const stale = { etag: '"9"', name: 'other' };
    assert.equal(await reasonOf(update(tenant, stale)), 'ETAG_STALE');
    assert.equal(await reasonOf(update(tenant, { updateMask: ['algorithm'] })), 'REQUEST_INVALID');

    const { key } = await update(tenant, { name: 'other', updateMask: ['labels'] });
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

  function owner({ userId }: Pick<Tenant, 'userId'>) {
    return as(`user:${userId}`);
  }

  async function get(userId: string, id: string): Promise<Key> {
    const { key } = await world.keys.getKey({ id }, as(`user:${userId}`));
    return key ?? assert.fail('there is no key');
  }

  async function available(tenant: Tenant): Promise<readonly string[]> {
    const all = { owner: undefined, keyId: '', pageSize: 0, pageToken: '' };
    const { keys } = await world.keys.listAvailableKeys(all, owner(tenant));
    return keys.map(({ id }) => id);
  }

  function update(tenant: Tenant, change: Parameters<typeof UpdateKeyRequest.fromPartial>[0]) {
    const request = UpdateKeyRequest.fromPartial({ ...change, id: tenant.keyId });
    return world.keys.updateKey(request, owner(tenant));
  }

  function remove(tenant: Tenant, seconds?: bigint) {
    const deleteAfter = seconds === undefined ? undefined : { seconds, nanos: 0 };
    return world.keys.deleteKey({ id: tenant.keyId, etag: '', deleteAfter }, owner(tenant));
  }

  function rotate(tenant: Tenant, secret: string, overlapMs = HOUR_MS) {
    const request = RotateKeyRequest.fromPartial({
      id: tenant.keyId,
      material: { $case: 'secret', value: Buffer.from(secret) },
      overlap: { seconds: BigInt(overlapMs / 1_000), nanos: 0 },
    });
    return world.keys.rotateKey(request, owner(tenant));
  }

  /** A tenant that has signed with the first secret of a key, which then got a second one. */
  async function rotatedTenant(overlapMs: number): Promise<Tenant> {
    const material = { $case: 'secret', value: Buffer.from(FIRST) } as const;
    const tenant = await newTenant(world, { key: { material } });
    await authorize(world, tenant);
    assert.deepEqual(await signRaw(world, tenant, 'payload'), signed(FIRST));
    await rotate(tenant, SECOND, overlapMs);
    return tenant;
  }

  /** Which versions have signed, as the log tells its owner, the newest first. */
  async function versionsLogged(tenant: Tenant): Promise<readonly number[]> {
    const request = { keyId: tenant.keyId, cloneId: '', pageSize: 0, pageToken: '' };
    const { signatures } = await world.keys.listSignatures(request, owner(tenant));
    return signatures.map(({ keyVersion }) => keyVersion);
  }

  function nextEpoch({ cloneId, epoch }: Tenant): void {
    const clone = world.peers.clones.get(cloneId) ?? assert.fail('there is no clone');
    world.peers.clones.set(cloneId, { ...clone, epoch });
  }

  async function overlapIsOver({ keyId }: Tenant): Promise<void> {
    const sql = `
      update key_version set retire_at = ramet_now() - interval '3 minutes'
      where key_id = $1 and retire_at is not null`;
    await world.db.query(sql, [keyId]);
    const grants = `
      update key_grant set version_until = ramet_now() - interval '3 minutes'
      where key_id = $1 and version_until is not null`;
    await world.db.query(grants, [keyId]);
  }

  /** Whether the secrets of a key are there, of the newest version first. */
  async function secretsOf({ keyId }: Tenant): Promise<readonly boolean[]> {
    const sql = `
      select sealed is not null and wrapped_key is not null as "isThere"
      from key_version where key_id = $1 order by version desc`;
    const rows = await world.db.query<{ readonly isThere: boolean }>(sql, [keyId]);
    return rows.map(({ isThere }) => isThere);
  }

  async function until({ userId, keyId }: Tenant, is: (key: Key) => boolean): Promise<Key> {
    for (;;) {
      const key = await get(userId, keyId);
      if (is(key)) return key;
      await systemClock.sleep(10);
    }
  }
});

function signed(secret: string): Buffer {
  return createHmac('sha256', secret).update('payload').digest();
}

function inMs(ms: number): Date {
  return new Date(systemClock.now().getTime() + ms);
}
