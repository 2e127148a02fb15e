// Goal: whoever loses the right to have a clone run loses its signatures with it (T4, T32; systems.md
// F.2, rows 8 and 10).
// Method: the real service on a real database and NATS; teams is played by a real server, with news.
import assert from 'node:assert/strict';
import { type Bus, connectBus } from '@ramet/database';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { systemClock, systemIds } from '@ramet/service';
import { testStack } from '@ramet/test/support';
import { as } from './support/callers.js';
import { cloneMessage } from './support/peers.js';
import {
  authorize,
  createKeyOf,
  newTenant,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  teamOwner,
  type World,
} from './support/world.js';

describe('a creator who may not have a clone run any more', () => {
  let world: World;
  let bus: Bus;

  before(async () => {
    const { natsUrl: url, natsToken: token } = testStack();
    world = await startWorld({ nats: { url, token } });
    bus = connectBus({ url, token, clock: systemClock, logger: SILENT });
  });

  after(async () => {
    await bus[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  it('loses the grant of a personal clone with the membership', async () => {
    const tenant = await newTenant(world);
    const grantId = await authorize(world, tenant);
    await signRaw(world, tenant, 'before');

    world.peers.roles.delete(`${tenant.teamId}/${tenant.userId}`);
    tell('team.member_removed', tenant.teamId);

    await untilRefused(tenant);
    const { grants } = await world.keys.listGrants(
      { keyId: tenant.keyId, pageSize: 0, pageToken: '' },
      as(`user:${tenant.userId}`),
    );
    assert.deepEqual(
      grants.map(({ id, revokeReason }) => [id, revokeReason]),
      [[grantId, 'CREATOR_REMOVED']],
    );
  });

  it('loses the grant of a team clone with the role, and keeps that of a personal one', async () => {
    const personal = await newTenant(world);
    const ofTeam = await teamTenant(personal);
    await authorize(world, personal);
    await authorize(world, ofTeam);

    world.peers.roles.set(`${personal.teamId}/${personal.userId}`, TeamRole.MEMBER);
    tell('team.member_set', personal.teamId);

    await untilRefused(ofTeam);
    await signRaw(world, personal, 'still a member');
  });

  it('T4: loses all grants when disabled, with and without a team, and gets none', async () => {
    const inTeam = await newTenant(world);
    const { userId } = inTeam;
    const alone = await newTenant(world, { userId });
    const clone = world.peers.clones.get(alone.cloneId);
    if (clone) world.peers.clones.set(alone.cloneId, { ...clone, teamId: '' });
    for (const tenant of [inTeam, alone]) await authorize(world, tenant);

    world.peers.disabled.add(userId);
    tell('user.disabled', userId);

    for (const tenant of [inTeam, alone]) {
      await untilRefused(tenant);
      const next = { ...tenant, executionId: systemIds.make('exe'), epoch: 2 };
      assert.equal(await reasonOf(authorize(world, next)), 'PERMISSION_DENIED');
    }
  });

  it('takes nothing from the others in the team, nor from who has come back', async () => {
    const leaver = await newTenant(world);
    const back = await newTenant(world);
    const other = { ...(await newTenant(world)), teamId: leaver.teamId };
    moveTo(other, leaver.teamId);
    for (const tenant of [leaver, back, other]) await authorize(world, tenant);

    world.peers.roles.delete(`${leaver.teamId}/${leaver.userId}`);
    tell('team.member_removed', back.teamId);
    tell('team.member_set', back.teamId);
    tell('team.member_removed', leaver.teamId);

    await untilRefused(leaver);
    await signRaw(world, back, 'is in the team, whatever was told before');
    await signRaw(world, other, 'was never removed');
  });

  it('is refused a grant that was asked for before and made after the removal', async () => {
    const tenant = await newTenant(world);
    const { teamId, userId } = tenant;
    world.peers.whileRoleAsked = async () => {
      world.peers.whileRoleAsked = async () => undefined;
      world.peers.roles.delete(`${teamId}/${userId}`);
      tell('team.member_removed', teamId);
      await untilLookedAt(teamId);
    };

    assert.equal(await reasonOf(authorize(world, tenant)), 'PEER_UNAVAILABLE');
    assert.equal(await reasonOf(authorize(world, tenant)), 'PERMISSION_DENIED');
  });

  it('loses it also if NATS told nobody, when the service starts again', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    world.peers.roles.delete(`${tenant.teamId}/${tenant.userId}`);
    world.peers.news.push(['team.member_removed', tenant.teamId]);

    await using replica = await world.addReplica();

    await untilRefused(tenant);
    assert.notEqual(replica.address, world.address);
  });

  function tell(kind: string, aggregateId: string): void {
    world.peers.news.push([kind, aggregateId]);
    bus.signal(`ramet.teams.test.${aggregateId}`);
  }

  async function untilRefused(tenant: Tenant): Promise<void> {
    for (;;) {
      const reason = await reasonOf(signRaw(world, tenant, 'again'));
      if (reason === 'GRANT_REVOKED') return;
      assert.equal(reason, 'OK');
    }
  }

  async function untilLookedAt(subject: string): Promise<void> {
    const sql = 'select from rights_look where subject_id = $1';
    while ((await world.db.query(sql, [subject])).length === 0);
  }

  function moveTo({ cloneId, userId }: Tenant, teamId: string): void {
    const clone = world.peers.clones.get(cloneId);
    if (clone) world.peers.clones.set(cloneId, { ...clone, teamId });
    world.peers.roles.set(`${teamId}/${userId}`, TeamRole.MEMBER);
  }

  /** A clone of the team, by the creator of another tenant and with a key of theirs. */
  async function teamTenant({ userId, teamId }: Tenant): Promise<Tenant> {
    const [cloneId, keyId] = [systemIds.make('cln'), (await createKeyOf(world, userId)).id];
    const ids = { id: cloneId, creatorId: userId, teamId, keyId };
    world.peers.clones.set(cloneId, cloneMessage({ ...ids, owner: teamOwner(teamId) }));
    world.peers.roles.set(`${teamId}/${userId}`, TeamRole.ADMIN);
    return { userId, teamId, keyId, cloneId, executionId: systemIds.make('exe'), epoch: 1 };
  }
});

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
