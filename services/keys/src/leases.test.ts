// Goal: a grant lives ten minutes at a time; who renews it, which ones, and what is signed meanwhile.
// Method: the real service on a real database; leases are moved into the past there.
import assert from 'node:assert/strict';
import { systemIds } from '@ramet/service';
import { as } from './support/callers.js';
import {
  authorize,
  LIFECYCLE,
  newTenant,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

const TEN_MINUTES_MS = 600_000;

describe('the lease of a grant', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('ends signing when it is over, even again, and lets it go on once renewed', async () => {
    const tenant = await granted();
    await signRaw(world, tenant, 'payload', 'r1');
    await expire(tenant);

    assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r1')), 'GRANT_LEASE_EXPIRED');
    assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r2')), 'GRANT_LEASE_EXPIRED');
    assert.equal(await renew(tenant), 1);
    assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r2')), 'OK');
  });

  it('is ten minutes ahead, for a new grant and for one that was renewed', async () => {
    const tenant = await granted();
    assert.equal(await aheadMs(tenant), TEN_MINUTES_MS);

    await expire(tenant);
    await renew(tenant);

    const sql = `select lease_until > ramet_now() + interval '9 minutes' as "isAhead"
                 from key_grant where key_id = $1`;
    assert.deepEqual(await world.db.query(sql, [tenant.keyId]), [{ isAhead: true }]);
  });

  it('is renewed for many executions in one call', async () => {
    const tenants = await Promise.all(Array.from({ length: 12 }, granted));
    await Promise.all(tenants.map(expire));

    assert.equal(await renew(...tenants), 12);
    for (const tenant of tenants) assert.equal(await reasonOf(signRaw(world, tenant, 'p')), 'OK');
  });

  it('is renewed for no other epoch or execution, and for nobody who may not', async () => {
    const tenant = await granted();
    await expire(tenant);

    assert.equal(await renew({ ...tenant, epoch: 2 }), 0);
    assert.equal(await renew({ ...tenant, executionId: systemIds.make('exe') }), 0);
    const request = { executions: [tenant] };
    for (const who of [as(`user:${tenant.userId}`), as('service:executor')]) {
      assert.equal(
        await reasonOf(world.grants.renewGrantLeases(request, who)),
        'PERMISSION_DENIED',
      );
    }
    assert.equal(await reasonOf(signRaw(world, tenant, 'p')), 'GRANT_LEASE_EXPIRED');
  });

  it('brings no grant back that was revoked (T30)', async () => {
    const tenant = await granted();
    const request = { grantId: '', executionId: tenant.executionId, reason: 'over' };
    await world.keys.revokeGrant(request, LIFECYCLE);

    assert.equal(await renew(tenant), 0);
    assert.equal(await reasonOf(signRaw(world, tenant, 'p')), 'GRANT_REVOKED');
  });

  it('names who may not sign all the same, as whoever signs is told', async () => {
    const [live, revoked, disabled, late, spent] = await Promise.all([
      granted(),
      granted(),
      granted(),
      granted(),
      granted(),
    ]);
    const request = { grantId: '', executionId: revoked.executionId, reason: 'over' };
    await world.keys.revokeGrant(request, LIFECYCLE);
    const owner = as(`user:${disabled.userId}`);
    await world.keys.disableKey({ id: disabled.keyId, etag: '' }, owner);
    const set = (change: string, { keyId }: Tenant) =>
      world.db.query(`update key_grant set ${change} where key_id = $1`, [keyId]);
    await set('expires_at = ramet_now()', late);
    await set('max_uses = 0', spent);

    const tenants = [live, revoked, disabled, late, spent];
    const executions = tenants.map(({ executionId, epoch }) => ({ executionId, epoch }));
    const { stopped } = await world.grants.renewGrantLeases({ executions }, LIFECYCLE);
    const told = new Map(stopped.map(({ executionId, reason }) => [executionId, reason]));
    for (const tenant of tenants) {
      const reason = await reasonOf(signRaw(world, tenant, 'p'));
      assert.equal(told.get(tenant.executionId) ?? 'OK', reason);
    }
    assert.deepEqual([...told.values()].sort(), [
      'GRANT_EXPIRED',
      'GRANT_REVOKED',
      'GRANT_USED_UP',
      'KEY_DISABLED',
    ]);
    const saidOf = (wanted: string) =>
      (stopped.find(({ reason }) => reason === wanted) ?? assert.fail()).message;
    assert.match(saidOf('GRANT_REVOKED'), /\(gra_\w+, since 20.*Z, by service:lifecycle\): over$/);
    const disabler = `\\(${disabled.keyId}, since 20.*Z, by user:${disabled.userId}\\)$`;
    assert.match(saidOf('KEY_DISABLED'), new RegExp(disabler));
    assert.match(saidOf('GRANT_EXPIRED'), /\(gra_\w+, since 20.*Z\)$/);
    assert.match(saidOf('GRANT_USED_UP'), /\(gra_\w+\)$/);
  });

  it('is renewed, or said to be stopped, whatever else is asked about, and how often (T12)', async () => {
    const tenants = await Promise.all(Array.from({ length: 4 }, granted));
    const [live, revoked, ...others] = tenants as [Tenant, Tenant, ...Tenant[]];
    const request = { grantId: '', executionId: revoked.executionId, reason: 'over' };
    await world.keys.revokeGrant(request, LIFECYCLE);
    const told = async (...asked: readonly Tenant[]) => {
      const answer = await world.grants.renewGrantLeases({ executions: asked }, LIFECYCLE);
      return [answer.renewed, answer.stopped.map(({ executionId }) => executionId)];
    };

    assert.deepEqual(await told(live), [1, []]);
    assert.deepEqual(await told(revoked), [0, [revoked.executionId]]);
    for (const asked of [
      [live, revoked, ...others],
      [...others, revoked, live],
      [revoked, live, revoked, ...others, live],
    ]) {
      assert.deepEqual(await told(...asked), [3, [revoked.executionId]]);
    }
    // An execution that is asked about with the wrong epoch beside the right one is still its own.
    assert.deepEqual(await told({ ...live, epoch: 2 }, live), [1, []]);
  });

  it('names whose grant ends soon: in the last tenth of its time, three days at most', async () => {
    const ends = async (lasts: string, left: string) => {
      const tenant = await granted();
      const sql = `update key_grant set created_at = ramet_now() + $3::interval - $2::interval,
                     expires_at = ramet_now() + $3::interval where key_id = $1`;
      await world.db.query(sql, [tenant.keyId, lasts, left]);
      const executions = [tenant];
      const { ending } = await world.grants.renewGrantLeases({ executions }, LIFECYCLE);
      assert.ok(ending.every(({ executionId }) => executionId === tenant.executionId));
      return ending.length;
    };

    assert.equal(await ends('30 days', '71 hours'), 1);
    assert.equal(await ends('30 days', '73 hours'), 0);
    assert.equal(await ends('366 days', '73 hours'), 0);
    assert.equal(await ends('10 hours', '59 minutes'), 1);
    assert.equal(await ends('10 hours', '61 minutes'), 0);
    assert.equal(await ends('10 hours', '-1 minutes'), 0, 'it is over');
  });

  it('is renewed while many sign, without one of them failing', async () => {
    const tenants = await Promise.all(Array.from({ length: 8 }, granted));

    const signing = tenants.flatMap((tenant) =>
      Array.from({ length: 20 }, () => reasonOf(signRaw(world, tenant, 'p'))),
    );
    const renewing = Array.from({ length: 10 }, (_, nth) =>
      renew(...(nth % 2 ? tenants : [...tenants].reverse())),
    );

    assert.deepEqual(new Set(await Promise.all(renewing)), new Set([8]));
    assert.deepEqual(new Set(await Promise.all(signing)), new Set(['OK']));
  });

  async function granted(): Promise<Tenant> {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    return tenant;
  }

  async function expire({ keyId }: Tenant): Promise<void> {
    await world.db.query('update key_grant set lease_until = ramet_now() where key_id = $1', [
      keyId,
    ]);
  }

  async function renew(...tenants: readonly Tenant[]): Promise<number> {
    const executions = tenants.map(({ executionId, epoch }) => ({ executionId, epoch }));
    return (await world.grants.renewGrantLeases({ executions }, LIFECYCLE)).renewed;
  }

  async function aheadMs({ keyId, userId }: Tenant): Promise<number> {
    const request = { keyId, pageSize: 0, pageToken: '' };
    const { grants } = await world.keys.listGrants(request, as(`user:${userId}`));
    const [grant] = grants;
    return (grant?.leaseTime?.getTime() ?? 0) - (grant?.createTime?.getTime() ?? 0);
  }
});
