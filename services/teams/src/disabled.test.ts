// Goal: who is disabled is refused with everything that proves who they are (T4).
// Method: the real service on a real database. How soon other services refuse tokens is tested with
// them; that the revocation is committed with the change is tested here.

import assert from 'node:assert/strict';
import { openDatabase } from '@ramet/database';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { type Api, createCrew, type House, openHouse, ownerOf } from './test-house.js';
import type { TestUser } from './testing.js';

const REFUSED = { code: 'UNAUTHENTICATED', reason: 'CREDENTIAL_INVALID' };

describe('a user who is disabled', () => {
  let house: House;
  let admin: Api;

  before(async () => {
    house = await openHouse();
    admin = await house.asAdmin();
  });
  after(() => house[Symbol.asyncDispose]());

  it('T4: gets no token of any API key, and none of a login, until enabled again', async () => {
    const user = await house.teams.createUser('leaver');
    const { tokens } = house.as('');
    const login = await tokens.logIn(byKey(user));

    const { user: disabled } = await disable(user);

    assert.equal(disabled?.disableReason, 'left');
    assert.ok(disabled?.disableTime);
    await assert.rejects(tokens.exchangeToken({ apiKey: user.apiKey }), REFUSED);
    await assert.rejects(tokens.logIn(byKey(user)), REFUSED);
    await assert.rejects(tokens.refreshToken({ refreshToken: login.refreshToken }), {
      code: 'UNAUTHENTICATED',
    });
    await admin.users.enableUser({ id: user.id });
    await tokens.exchangeToken({ apiKey: user.apiKey });
    // A login that somebody else may have taken is not good again with the user.
    await assert.rejects(tokens.refreshToken({ refreshToken: login.refreshToken }), REFUSED);
  });

  it('T4: has all tokens revoked with it, and those from before stay so', async () => {
    const user = await house.teams.createUser('revoked');
    await disable(user);
    await disable(user);
    const { user: enabled } = await admin.users.enableUser({ id: user.id });

    await using db = await openDatabase({
      url: house.databaseUrl,
      schema: 'teams',
      application: 'test',
    });
    const rows = await db.query(
      'select min_version as "minVersion" from revocation where subject = $1 order by seq',
      [user.id],
    );
    const version = Number(enabled?.etag.slice(1));
    assert.deepEqual(rows, [{ minVersion: version - 1 }, { minVersion: version }]);
  });

  it('T4: is in no team for other services, and has nobody admitted', async () => {
    const { team, bot, owner } = await createCrew(house, 'quiet');
    const lifecycle = await house.asService('lifecycle');
    const asked = { botId: bot.id, owner: ownerOf(team.id), userId: owner.id };
    await lifecycle.access.checkCloneAdmission(asked);
    const before = await lifecycle.access.listMemberships({ userId: owner.id });
    assert.deepEqual([before.memberships.length, before.inactive], [1, false]);

    await disable(owner);

    const { memberships, inactive } = await lifecycle.access.listMemberships({ userId: owner.id });
    assert.deepEqual([memberships, inactive], [[], true]);
    await assert.rejects(lifecycle.access.checkCloneAdmission(asked), { reason: 'BOT_NOT_FOUND' });
    const { members } = await admin.teams.listTeamMembers({
      ...{ teamId: team.id, userId: owner.id, pageSize: 0, pageToken: '' },
    });
    assert.deepEqual(
      members.map(({ role }) => role),
      [TeamRole.OWNER],
    );
  });

  it('T32: is no OWNER that others may leave a team to', async () => {
    const { team, owner, admin: other } = await createCrew(house, 'shared');
    const teamId = team.id;
    const { teams } = house.as(owner.token);
    await teams.setTeamMember({ teamId, userId: other.id, role: TeamRole.OWNER });
    await disable(other);

    const leave = () => teams.removeTeamMember({ teamId, userId: owner.id });
    await assert.rejects(leave(), { reason: 'LAST_OWNER' });
    const give = teams.transferTeamOwnership({ teamId, userId: other.id });
    await assert.rejects(give, { reason: 'LAST_OWNER' });
    await admin.users.enableUser({ id: other.id });
    await leave();
  });

  it('leaves a team to whom an administrator makes its OWNER then, and not before', async () => {
    const { team, owner, member } = await createCrew(house, 'orphaned');
    const make = () =>
      admin.teams.setTeamMember({ teamId: team.id, userId: member.id, role: TeamRole.OWNER });
    await assert.rejects(make(), { reason: 'PERMISSION_DENIED' });

    await disable(owner);
    await make();

    const { teams } = house.as(member.token);
    await teams.removeTeamMember({ teamId: team.id, userId: owner.id });
    await assert.rejects(make(), { reason: 'PERMISSION_DENIED' });
  });

  it('T4: keeps no login that had begun and was not there yet', async () => {
    const user = await house.teams.createUser('in-between');
    const { tokens } = house.as('');
    await using db = await openDatabase({
      ...{ url: house.databaseUrl, schema: 'teams', application: 'test' },
    });
    const sql = (text: string) => db.query<{ readonly waiting: boolean }>(text);
    let loggingIn: Promise<unknown> = Promise.resolve();

    await db.transaction(async (tx) => {
      const lock = 'select from mesh_user where id = $1 for no key update';
      await tx.query(lock, [user.id]);
      loggingIn = assert.rejects(tokens.logIn(byKey(user)), REFUSED);
      await until(async () => (await sql(IS_WAITING)).length > 0);
      const off = `update mesh_user set disabled_at = ramet_now(), disabled_reason = 'left' where id = $1`;
      await tx.query(off, [user.id]);
    });

    await loggingIn;
    assert.deepEqual(
      await sql(`select true as waiting from login where user_id = '${user.id}'`),
      [],
    );
  });

  it('T32: is never the last administrator, also if two are disabled at once', async () => {
    const { id: first } = await house.teams.admin();
    await assert.rejects(admin.users.disableUser({ id: first, reason: 'a mistake' }), {
      code: 'FAILED_PRECONDITION',
      reason: 'LAST_ADMIN',
    });
    const { user } = await admin.users.createUser({ requestId: '', name: 'second', admin: true });
    const second = user?.id ?? '';

    const outcomes = await Promise.allSettled(
      [first, second].map((id) => admin.users.disableUser({ id, reason: 'at once' })),
    );

    const refused = outcomes.filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 1);
    // Who asks may be the one who was disabled, and is not heard any more then.
    const { reason } = (refused[0] as PromiseRejectedResult).reason;
    assert.match(reason, /^(LAST_ADMIN|TOKEN_REVOKED)$/);
  });

  function disable({ id }: TestUser) {
    return admin.users.disableUser({ id, reason: 'left' });
  }
});

const IS_WAITING = `
  select true as waiting from pg_stat_activity
  where wait_event_type = 'Lock' and query like '%mesh_user%for share%'`;

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

function byKey({ apiKey }: TestUser) {
  return { credential: { $case: 'apiKey' as const, value: apiKey } };
}
