// Goal: signing goes on by itself after its connections were lost, and a frozen replica delays
// releases only.
// Method: the server ends the connections of the service; a lock stands for the frozen replica.
import assert from 'node:assert/strict';
import {
  authorize,
  LIFECYCLE,
  newTenant,
  reasonOf,
  signRaw,
  startWorld,
  type World,
} from './support/world.js';

const LOCK_CLASS = 7_320_001;

describe('keys and its database', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('signs on after its connections were lost', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    await signRaw(world, tenant, 'payload');

    for (let round = 0; round < 3; round += 1) {
      await world.db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'keys' and datname = current_database()`,
      );
      assert.equal(await reasonOf(signRaw(world, tenant, `payload ${round}`)), 'OK');
    }
  });

  it('spends one use on a request whose connection was lost', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant, { maxUses: 40n });
    const ends = world.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'keys' and datname = current_database()`,
    );

    const reasons = await Promise.all(
      Array.from({ length: 40 }, (_, nth) => reasonOf(signRaw(world, tenant, 'p', `r${nth}`))),
    );
    await ends;

    assert.ok(reasons.every((reason) => reason === 'OK' || reason === 'DATABASE_UNAVAILABLE'));
    for (let nth = 0; nth < 40; nth += 1) {
      assert.equal(await reasonOf(signRaw(world, tenant, 'p', `r${nth}`)), 'OK');
    }
    assert.equal(await reasonOf(signRaw(world, tenant, 'p', 'one-more')), 'GRANT_USED_UP');
  });

  it('says that a release is not confirmed while a replica is frozen, and signs meanwhile', async () => {
    const frozen = await newTenant(world);
    await authorize(world, frozen);
    const other = await newTenant(world);
    await authorize(world, other);
    const { keyId, cloneId } = frozen;
    const session = await world.db.reserve();
    await session.query(`select pg_advisory_lock_shared(${LOCK_CLASS}, 1)`);

    const release = reasonOf(world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE));
    assert.equal(await reasonOf(signRaw(world, other, 'payload')), 'OK');
    assert.equal(await release, 'DRAIN_UNCONFIRMED');
    assert.equal(await reasonOf(signRaw(world, frozen, 'payload')), 'GRANT_REVOKED');

    await session[Symbol.asyncDispose]();
    const again = await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);
    assert.deepEqual(again, { released: false });
  });
});
