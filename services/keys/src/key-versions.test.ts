// Goal: which version of a key signs, as its owner and the clones that hold it see it: while the overlap
// lasts and after it, on every replica.
// Method: the real service on a real database, two replicas of it where it matters which one is
// asked. What takes hours is made due by moving its time in the database.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { RotateKeyRequest } from '@ramet/proto-gen/keys.v1';
import { systemIds } from '@ramet/service';
import { as } from './support/callers.js';
import { KeyOwners } from './support/key-owners.js';
import {
  authorize,
  newTenant,
  type Replica,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

const HOUR_MS = 3_600_000;
const FIRST = 'the first secret of the key';
const SECOND = 'the second secret of the key';
const THIRD = 'the third secret of the key';

describe('a key that gets a new version', () => {
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
    await owners.rotate(tenant, THIRD, HOUR_MS);
    assert.deepEqual(await signRaw(world, tenant, 'payload'), signed(SECOND));
  });

  it('signs with the new one at once without an overlap, also if an earlier one has one', async () => {
    const tenant = await rotatedTenant(HOUR_MS);
    await owners.rotate(tenant, THIRD, 0);
    for (const each of [replica, world]) {
      assert.deepEqual(await signRaw(each, tenant, 'payload'), signed(THIRD));
    }
    const { versions } = await owners.get(tenant);
    const [, second, first] = versions.map(({ retireTime }) => retireTime);
    assert.deepEqual(first, second);
  });

  it('signs with the new one at once on every replica, whatever it has open', async () => {
    const material = { $case: 'secret', value: Buffer.from(FIRST) } as const;
    const tenant = await newTenant(world, { key: { material } });
    await authorize(world, tenant);
    assert.deepEqual(await signRaw(replica, tenant, 'payload', 'before'), signed(FIRST));
    await owners.rotate(tenant, SECOND, 0);

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
    await owners.rotate(tenant, THIRD, HOUR_MS);
    assert.deepEqual(await signRaw(replica, tenant, 'payload', 'r1'), first);
  });

  it('destroys the old one after the overlap, and the grant goes on', async () => {
    const tenant = await rotatedTenant(HOUR_MS);
    await overlapIsOver(tenant);
    await using destroyer = await world.addReplica({ destroyMs: 10 });
    const key = await owners.until(
      tenant,
      ({ versions }) => versions[1]?.destroyTime !== undefined,
    );

    assert.deepEqual(
      key.versions.map(({ number }) => number),
      [2, 1],
    );
    assert.deepEqual(await owners.secretsOf(tenant), [true, false]);
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

    const key = await owners.until(
      tenant,
      ({ versions }) => !versions.some(({ number, destroyTime }) => number === 1 && !destroyTime),
    );

    assert.equal(key.versions.length, 21);
    assert.deepEqual((await owners.secretsOf(tenant)).slice(-2), [true, false]);
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
      assert.equal(await reasonOf(owners.rotate(tenant, secret, HOUR_MS)), 'KEY_DUPLICATE');
    }
  });

  it('wants to know what the venue calls the new one, if it calls the old one something', async () => {
    const key = { venue: 'binance', venueKeyId: 'first' };
    const tenant = await newTenant(world, { key });
    assert.equal(await reasonOf(owners.rotate(tenant, SECOND, HOUR_MS)), 'REQUEST_INVALID');
  });

  /** A tenant that has signed with the first secret of a key, which then got a second one. */
  async function rotatedTenant(overlapMs: number): Promise<Tenant> {
    const material = { $case: 'secret', value: Buffer.from(FIRST) } as const;
    const tenant = await newTenant(world, { key: { material } });
    await authorize(world, tenant);
    assert.deepEqual(await signRaw(world, tenant, 'payload'), signed(FIRST));
    await owners.rotate(tenant, SECOND, overlapMs);
    return tenant;
  }

  /** Which versions have signed, as the log tells its owner, the newest first. */
  async function versionsLogged(tenant: Tenant): Promise<readonly number[]> {
    const request = { keyId: tenant.keyId, cloneId: '', pageSize: 0, pageToken: '' };
    const { signatures } = await world.keys.listSignatures(request, as(`user:${tenant.userId}`));
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
});

function signed(secret: string): Buffer {
  return createHmac('sha256', secret).update('payload').digest();
}
