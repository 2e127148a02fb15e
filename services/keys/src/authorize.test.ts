// Goal: who gets a key, and what each refusal looks like (systems.md F.2, rows 4 and 5).
// Method: the real service; lifecycle and teams are played by real servers that a test can change.
import assert from 'node:assert/strict';
import { ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { systemIds } from '@ramet/service';
import { as } from './support/callers.js';
import { cloneMessage } from './support/peers.js';
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
  type Tenant,
  teamOwner,
  type World,
} from './support/world.js';

describe('AuthorizeCloneToUseKey', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('gives a team key to a team clone of an admin, and not to one of a member', async () => {
    const userId = newUser();
    const teamId = systemIds.make('tem');
    world.peers.roles.set(`${teamId}/${userId}`, TeamRole.ADMIN);
    const { key } = await world.keys.createKey(
      keyRequest(userId, { owner: teamOwner(teamId) }),
      as(`user:${userId}`),
    );
    const tenant = teamClone(userId, teamId, key?.id ?? '');

    world.peers.roles.set(`${teamId}/${userId}`, TeamRole.MEMBER);
    assert.equal(await reasonOf(authorize(world, tenant)), 'PERMISSION_DENIED');
    world.peers.roles.delete(`${teamId}/${userId}`);
    assert.equal(await reasonOf(authorize(world, tenant)), 'PERMISSION_DENIED');
    world.peers.roles.set(`${teamId}/${userId}`, TeamRole.ADMIN);
    assert.equal(await reasonOf(authorize(world, tenant)), 'OK');
  });

  it('gives keys to clones without a bot, asking only for the team that owns one', async () => {
    const { userId, keyId, ...personal } = await newTenant(world);
    const owner = { owner: { $case: 'userId', value: userId } } as const;
    const ids = { id: personal.cloneId, creatorId: userId, keyId };
    world.peers.clones.set(personal.cloneId, cloneMessage({ ...ids, owner, teamId: '' }));
    assert.equal(await reasonOf(authorize(world, { userId, keyId, ...personal })), 'OK');

    const admin = newUser();
    const teamId = systemIds.make('tem');
    world.peers.roles.set(`${teamId}/${admin}`, TeamRole.ADMIN);
    const { key } = await world.keys.createKey(
      keyRequest(admin, { owner: teamOwner(teamId) }),
      as(`user:${admin}`),
    );
    const shared = teamClone(admin, teamId, key?.id ?? '');
    const known = world.peers.clones.get(shared.cloneId);
    if (known) world.peers.clones.set(shared.cloneId, { ...known, teamId: '' });
    world.peers.roles.delete(`${teamId}/${admin}`);
    assert.equal(await reasonOf(authorize(world, shared)), 'PERMISSION_DENIED');
    world.peers.roles.set(`${teamId}/${admin}`, TeamRole.ADMIN);
    assert.equal(await reasonOf(authorize(world, shared)), 'OK');
  });

  it('refuses a personal clone whose creator has left the team', async () => {
    const tenant = await newTenant(world);
    world.peers.roles.delete(`${tenant.teamId}/${tenant.userId}`);

    assert.equal(await reasonOf(authorize(world, tenant)), 'PERMISSION_DENIED');
    assert.equal(await holdsOf(tenant), 0);
  });

  it('lets a clone without a bot have a key of its own creator, or of the team that owns it', async () => {
    const personal = await newTenant(world);
    setClone(personal, { teamId: '' });
    world.peers.roles.delete(`${personal.teamId}/${personal.userId}`);
    assert.equal(await reasonOf(authorize(world, personal)), 'OK');

    const ours = await newTenant(world);
    setClone(ours, { teamId: '', owner: teamOwner(ours.teamId) });
    world.peers.roles.set(`${ours.teamId}/${ours.userId}`, TeamRole.MEMBER);
    assert.equal(await reasonOf(authorize(world, ours)), 'PERMISSION_DENIED');
    world.peers.roles.set(`${ours.teamId}/${ours.userId}`, TeamRole.ADMIN);
    assert.equal(await reasonOf(authorize(world, ours)), 'OK');
  });

  it("shows somebody else's key and a key that is not there alike", async () => {
    const { id: foreign } = await createKeyOf(world, newUser());
    const tenant = await newTenant(world, { keyId: foreign });
    const missing = await newTenant(world, { keyId: systemIds.make('key') });

    assert.equal(await reasonOf(authorize(world, tenant)), 'KEY_NOT_FOUND');
    assert.equal(await reasonOf(authorize(world, missing)), 'KEY_NOT_FOUND');
  });

  it('refuses a clone that lifecycle does not know', async () => {
    const tenant = await newTenant(world);
    world.peers.clones.delete(tenant.cloneId);

    assert.equal(await reasonOf(authorize(world, tenant)), 'CLONE_NOT_FOUND');
  });

  it('returns the same grant to the same execution again', async () => {
    const tenant = await newTenant(world);

    const first = await authorize(world, tenant);

    assert.equal(await authorize(world, tenant), first);
  });

  it('replaces the grant of an older epoch, and refuses that one from then on', async () => {
    const old = await newTenant(world);
    await authorize(world, old);
    const next = { ...old, executionId: systemIds.make('exe'), epoch: 2 };
    setClone(next, { epoch: 2 });

    await authorize(world, next);

    assert.equal(await reasonOf(signRaw(world, old, 'payload')), 'GRANT_REVOKED');
    assert.equal(await reasonOf(signRaw(world, next, 'payload')), 'OK');
    assert.equal(await reasonOf(authorize(world, old)), 'EPOCH_STALE');
  });

  it('does not make again what was revoked', async () => {
    const tenant = await newTenant(world);
    const grantId = await authorize(world, tenant);
    await world.keys.revokeGrant({ grantId, executionId: '', reason: 'end' }, LIFECYCLE);

    assert.equal(await reasonOf(authorize(world, tenant)), 'EPOCH_STALE');
    assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'GRANT_REVOKED');
  });

  it('does not hold again what was released while lifecycle was asked', async () => {
    const tenant = await newTenant(world);
    const { keyId, cloneId } = tenant;
    world.peers.whileAsked = async () => {
      const { released } = await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);
      assert.equal(released, false);
    };

    const reason = await reasonOf(authorize(world, tenant));
    world.peers.whileAsked = async () => undefined;

    assert.equal(reason, 'EPOCH_STALE');
    assert.equal(await holdsOf(tenant), 0);
  });

  const STARTING = [
    ...(['ACCEPTED', 'PREPARING', 'PROVISIONING', 'RUNNING'] as const),
    ...(['UPDATING', 'RESUMING', 'RESTORING'] as const),
  ] as const;
  const ENDING = [
    ...(['STOPPING', 'FINALIZING', 'COMPLETED', 'STOPPED', 'FAILED'] as const),
    ...(['SUSPENDING', 'SUSPENDED', 'ARCHIVING', 'ARCHIVED'] as const),
    ...(['DELETING', 'CLEANUP_FAILED', 'DELETED'] as const),
  ] as const;

  it('knows every phase that a clone may be in', () => {
    const unset = ['UNSPECIFIED', 'UNRECOGNIZED'];
    const phases = Object.keys(ClonePhase).filter((name) => Number.isNaN(Number(name)));
    const known = [...STARTING, ...ENDING].sort();
    assert.deepEqual(phases.filter((name) => !unset.includes(name)).sort(), known);
  });

  for (const phase of STARTING) {
    it(`gives a key to a clone that is ${phase}`, async () => {
      const tenant = await newTenant(world);
      setClone(tenant, { phase: ClonePhase[phase] });
      assert.equal(await reasonOf(authorize(world, tenant)), 'OK');
    });
  }

  for (const phase of ENDING) {
    it(`refuses a clone that is ${phase}`, async () => {
      const tenant = await newTenant(world);
      setClone(tenant, { phase: ClonePhase[phase] });

      assert.equal(await reasonOf(authorize(world, tenant)), 'EPOCH_STALE');
      assert.equal(await holdsOf(tenant), 0);
    });
  }

  it('gives nothing when lifecycle takes too long', async () => {
    const tenant = await newTenant(world);
    let answer: () => void = () => undefined;
    const stuck = new Promise<void>((resolve) => {
      answer = resolve;
    });
    world.peers.whileAsked = () => stuck;

    const reason = await reasonOf(authorize(world, tenant));
    answer();
    world.peers.whileAsked = async () => undefined;

    assert.equal(reason, 'PEER_UNAVAILABLE');
    assert.equal(await holdsOf(tenant), 0);
  });

  it('refuses an epoch that there cannot be in words that tell why', async () => {
    const tenant = { ...(await newTenant(world)), epoch: 2 ** 31 };
    assert.equal(await reasonOf(authorize(world, tenant)), 'REQUEST_INVALID');
    const { executionId, epoch } = tenant;
    const renewal = world.grants.renewGrantLeases(
      { executions: [{ executionId, epoch }] },
      LIFECYCLE,
    );
    assert.equal(await reasonOf(renewal), 'REQUEST_INVALID');
    assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'KEY_NOT_FOUND');
  });

  it('lets nobody but lifecycle authorize and release', async () => {
    const tenant = await newTenant(world);
    const { keyId, cloneId, executionId, epoch } = tenant;
    const request = { keyId, cloneId, executionId, epoch, limits: undefined };
    for (const who of [as(`user:${tenant.userId}`), as('service:executor')]) {
      const authorized = world.grants.authorizeCloneToUseKey(request, who);
      assert.equal(await reasonOf(authorized), 'PERMISSION_DENIED');
      const released = world.grants.releaseKey({ keyId, cloneId }, who);
      assert.equal(await reasonOf(released), 'PERMISSION_DENIED');
    }
  });

  function teamClone(userId: string, teamId: string, keyId: string): Tenant {
    const tenant = {
      ...{ userId, teamId, keyId, epoch: 1 },
      ...{ cloneId: systemIds.make('cln'), executionId: systemIds.make('exe') },
    };
    setClone(tenant, { owner: teamOwner(teamId), creatorId: userId, teamId, keyId });
    return tenant;
  }

  function setClone({ cloneId }: Tenant, clone: Partial<ReturnType<typeof cloneMessage>>): void {
    const known = world.peers.clones.get(cloneId);
    world.peers.clones.set(cloneId, cloneMessage({ ...known, id: cloneId, ...clone }));
  }

  async function holdsOf({ keyId }: Tenant): Promise<number> {
    const sql = 'select count(*)::int as count from hold where key_id = $1';
    const [row] = await world.db.query<{ count: number }>(sql, [keyId]);
    return row?.count ?? 0;
  }
});

describe('ReleaseKey', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('may be repeated, and says which call it was', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    const { keyId, cloneId } = tenant;

    const first = await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);
    const again = await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);

    assert.deepEqual([first.released, again.released], [true, false]);
  });

  it("does not touch another clone's hold", async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    const cloneId = systemIds.make('cln');

    const { released } = await world.grants.releaseKey({ keyId: tenant.keyId, cloneId }, LIFECYCLE);

    assert.equal(released, false);
    assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'OK');
  });

  it('makes the key free for the next clone, and not for the one before', async () => {
    const first = await newTenant(world);
    await authorize(world, first);
    const second = await newTenant(world, { userId: first.userId, keyId: first.keyId });
    assert.equal(await reasonOf(authorize(world, second)), 'KEY_IN_USE');

    const { keyId, cloneId } = first;
    await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);

    assert.equal(await reasonOf(authorize(world, second)), 'OK');
    assert.equal(await reasonOf(signRaw(world, second, 'payload')), 'OK');
    assert.equal(await reasonOf(signRaw(world, first, 'payload')), 'GRANT_REVOKED');
    assert.equal(await reasonOf(authorize(world, first)), 'KEY_IN_USE');
  });

  it('lets a clone that has released its key hold it again in a later epoch', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    const { keyId, cloneId } = tenant;
    await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);

    assert.equal(await reasonOf(authorize(world, tenant)), 'EPOCH_STALE');
    const later = { ...tenant, executionId: systemIds.make('exe'), epoch: 2 };
    assert.equal(await reasonOf(authorize(world, later)), 'OK');
  });
});
