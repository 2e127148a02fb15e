// Goal: what must hold however calls cross each other: exclusive holds, exact limits, and no
// signature after a release or a revocation has returned.
// Method: two replicas on one database, and many calls at once to both.
import assert from 'node:assert/strict';
import { systemClock, systemIds } from '@ramet/service';
import { as } from './support/callers.js';
import {
  authorize,
  createKeyOf,
  LIFECYCLE,
  newTenant,
  newUser,
  type Replica,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

describe('keys under many calls at once', () => {
  let world: World;
  let replicas: readonly Replica[];

  before(async () => {
    world = await startWorld();
    replicas = [world, await world.addReplica()];
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('gives a key to exactly one of the clones that race for it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const userId = newUser();
      const { id: keyId } = await createKeyOf(world, userId);
      const tenants = await Promise.all(
        Array.from({ length: 6 }, () => newTenant(world, { keyId, userId })),
      );

      const reasons = await Promise.all(
        tenants.map((tenant, index) => reasonOf(authorize(at(index), tenant))),
      );

      assert.deepEqual(reasons.sort(), [...Array(5).fill('KEY_IN_USE'), 'OK']);
    }
  });

  it('T36: makes one grant of many equal authorizations', async () => {
    const tenant = await newTenant(world);

    const ids = await Promise.all(
      Array.from({ length: 12 }, (_, index) => authorize(at(index), tenant)),
    );

    assert.equal(new Set(ids).size, 1);
  });

  it('T26: accepts exactly as many signatures as the grant has uses', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant, { maxUses: 100n });

    const reasons = await Promise.all(
      Array.from({ length: 400 }, (_, index) =>
        reasonOf(signRaw(at(index), tenant, 'payload', `r${index}`)),
      ),
    );

    assert.equal(reasons.filter((reason) => reason === 'OK').length, 100);
    assert.equal(reasons.filter((reason) => reason === 'GRANT_USED_UP').length, 300);
    const [grant] = await grantsOf(tenant);
    assert.equal(grant?.uses, 100n);
    assert.equal(await rowsOf(tenant), 100);
  });

  it('counts a repeated request once, and gives it the same signature', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant, { maxUses: 3n });

    const signatures = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        signRaw(at(index), tenant, `payload ${index % 3}`, `r${index % 3}`),
      ),
    );

    assert.equal(new Set(signatures.map((each) => each.toString('hex'))).size, 3);
    assert.equal(await rowsOf(tenant), 3);
  });

  it('signs one of two payloads that come with the same request id', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);

    for (let round = 0; round < 20; round += 1) {
      const reasons = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          reasonOf(signRaw(at(round), tenant, `payload ${index}`, `twice-${round}`)),
        ),
      );
      assert.deepEqual(reasons.sort(), ['OK', ...Array(7).fill('REQUEST_ID_REUSED')]);
    }
  });

  it('returns no signature after a release has returned, on any replica', async () => {
    let signed = 0;
    for (let round = 0; round < 12; round += 1) {
      const tenant = await newTenant(world);
      await authorize(world, tenant);
      const { keyId, cloneId } = tenant;

      const load = startLoad(tenant);
      await load.until(60);
      await confirmed(() => at(round).grants.releaseKey({ keyId, cloneId }, LIFECYCLE));
      load.mark();
      const { before, late } = await load.end();

      assert.equal(late, 0, `${late} signatures came after the release of round ${round}`);
      signed += before;
    }
    assert.ok(signed >= 700, `only ${signed} signatures were made`);
  });

  it('T25: returns no signature after a revocation has returned, on any replica', async () => {
    for (let round = 0; round < 8; round += 1) {
      const tenant = await newTenant(world);
      const grantId = await authorize(world, tenant);

      const load = startLoad(tenant);
      await load.until(60);
      const request = { grantId, executionId: '', reason: 'suspicious' };
      const user = as(`user:${tenant.userId}`);
      await confirmed(() => at(round).keys.revokeGrant(request, user));
      load.mark();
      const { late } = await load.end();

      assert.equal(late, 0);
      const [grant] = await grantsOf(tenant);
      assert.equal(grant?.revokeReason, 'suspicious');
    }
  });

  it('returns no signature of a key after it was disabled, nor makes a grant, on any replica', async () => {
    for (let round = 0; round < 6; round += 1) {
      const tenant = await newTenant(world);
      await authorize(world, tenant);

      const load = startLoad(tenant);
      await load.until(60);
      const user = as(`user:${tenant.userId}`);
      await confirmed(() => at(round).keys.disableKey({ id: tenant.keyId, etag: '' }, user));
      load.mark();
      const { late } = await load.end('KEY_DISABLED');

      assert.equal(late, 0);
      const next = { ...tenant, executionId: systemIds.make('exe'), epoch: 2 };
      for (const each of replicas) {
        assert.equal(await reasonOf(authorize(each, next)), 'KEY_DISABLED');
        assert.equal(await reasonOf(signRaw(each, tenant, 'payload')), 'KEY_DISABLED');
      }
    }
  });

  it('has a row for every signature that was returned', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    const { keyId, cloneId } = tenant;

    const load = startLoad(tenant);
    await load.until(100);
    await confirmed(() => world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE));
    const { before, late } = await load.end();

    assert.ok((await rowsOf(tenant)) >= before + late);
  });

  it('lists for a clone also what was accepted while the revocation of its grant waited', async () => {
    const tenant = await newTenant(world);
    const grantId = await authorize(world, tenant);
    await using batch = await world.db.reserve();
    await batch.query('begin');
    await batch.query('select from key_grant where id = $1 for no key update', [grantId]);

    const user = as(`user:${tenant.userId}`);
    const request = { grantId, executionId: '', reason: 'suspicious' };
    const revoked = world.keys.revokeGrant(request, user);
    await someoneWaits();
    await batch.query(
      `insert into signature (key_id, grant_id, request_id, scheme, digest, accepted_at, trace_id)
       values ($1, $2, 'r1', 'raw', sha256(''), date_trunc('milliseconds', ramet_now()), '')`,
      [tenant.keyId, grantId],
    );
    await batch.query('commit');
    await revoked;

    const { keyId, cloneId } = tenant;
    const page = { keyId, cloneId, pageSize: 0, pageToken: '' };
    const { signatures } = await world.keys.listSignatures(page, user);
    assert.deepEqual(
      signatures.map(({ requestId }) => requestId),
      ['r1'],
    );
  });

  async function someoneWaits(): Promise<void> {
    const sql = `
      select from pg_stat_activity
      where application_name = 'keys' and datname = current_database() and wait_event_type = 'Lock'
        and query like '%key_grant%'`;
    while ((await world.db.query(sql)).length === 0) await systemClock.sleep(1);
  }

  function at(index: number): Replica {
    return replicas[index % replicas.length] ?? world;
  }

  async function grantsOf({ keyId, userId }: Tenant) {
    const request = { keyId, pageSize: 0, pageToken: '' };
    return (await world.keys.listGrants(request, as(`user:${userId}`))).grants;
  }

  async function rowsOf({ keyId }: Tenant): Promise<number> {
    const sql = 'select count(*)::int as count from signature where key_id = $1';
    const [row] = await world.db.query<{ count: number }>(sql, [keyId]);
    return row?.count ?? 0;
  }

  /** Asks again as its callers do: a busy machine may take longer than keys waits. */
  async function confirmed(ask: () => Promise<unknown>): Promise<void> {
    while ((await reasonOf(ask())) === 'DRAIN_UNCONFIRMED');
  }

  /** Signs on all replicas, many at a time, until signing is refused everywhere. */
  function startLoad(tenant: Tenant) {
    const counts = { before: 0, late: 0 };
    const reasons = new Set<string>();
    let isMarked = false;
    const worker = async (index: number): Promise<void> => {
      let reason = 'OK';
      while (reason === 'OK') {
        reason = await reasonOf(signRaw(at(index), tenant, 'payload'));
        if (reason !== 'OK') reasons.add(reason);
        else if (isMarked) counts.late += 1;
        else counts.before += 1;
      }
    };
    const workers = Array.from({ length: 32 }, (_, index) => worker(index));
    return {
      mark: () => {
        isMarked = true;
      },
      async until(count: number): Promise<void> {
        while (counts.before < count) {
          assert.deepEqual([...reasons], []);
          await systemClock.sleep(1);
        }
      },
      async end(reason = 'GRANT_REVOKED') {
        await Promise.all(workers);
        assert.deepEqual([...reasons], [reason]);
        return counts;
      },
    };
  }
});
