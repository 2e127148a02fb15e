// Goal: the life of users, teams and bots, as callers of the API see it.
// Method: the real service on a real database; each step stands on those before it.

import assert from 'node:assert/strict';
import { type Bot, type Team, TeamRole } from '@ramet/proto-gen/teams.v1';
import { type Api, FIRST, type House, image, openHouse, ownerOf, source } from './test-house.js';
import type { TestUser } from './testing.js';

const { OWNER, ADMIN, MEMBER } = TeamRole;

describe('the life of a team', () => {
  let house: House;
  let ada: TestUser;
  let bob: TestUser;
  let asAda: Api;
  let asBob: Api;
  let team: Team;
  let bot: Bot;

  before(async () => {
    house = await openHouse();
  });
  after(() => house[Symbol.asyncDispose]());

  it('begins with one administrator, made once against the token of the operator', async () => {
    const { setup } = house.as('');
    const wrong = { bootstrapToken: 'not the bootstrap token', name: 'eve' };
    await assert.rejects(setup.bootstrapAdmin(wrong), { reason: 'CREDENTIAL_INVALID' });

    const admin = await house.teams.admin();

    assert.match(admin.apiKey, /^ramet_user_[0-9A-Za-z]{36}$/);
    const right = { bootstrapToken: house.teams.bootstrapToken, name: 'eve' };
    await assert.rejects(setup.bootstrapAdmin(right), { reason: 'ALREADY_BOOTSTRAPPED' });
    await assert.rejects(setup.bootstrapAdmin(wrong), { reason: 'ALREADY_BOOTSTRAPPED' });
  });

  it('goes on with users, whom the administrator makes', async () => {
    ada = await house.teams.createUser('ada');
    bob = await house.teams.createUser('bob');
    asAda = house.as(ada.token);
    asBob = house.as(bob.token);

    const { user } = await asAda.users.getUser({ id: '' });
    const { users } = await (await house.asAdmin()).users.listUsers(FIRST);

    assert.equal(user?.name, 'ada');
    assert.equal(user.admin, false);
    assert.deepEqual(users.map(({ name }) => name).sort(), ['ada', 'bob', 'root']);
  });

  it('has a team, whose creator is its owner', async () => {
    const created = await asAda.teams.createTeam({ requestId: '', name: 'quants' });
    assert.ok(created.team);
    team = created.team;

    const { members } = await asAda.teams.listTeamMembers({
      teamId: team.id,
      userId: '',
      ...FIRST,
    });

    assert.match(team.id, /^tem_[0-9a-z]{26}$/);
    assert.deepEqual(
      members.map(({ userName, role }) => [userName, role]),
      [['ada', OWNER]],
    );
  });

  it('is not there for others, until they are let in', async () => {
    const teamId = team.id;
    await assert.rejects(asBob.teams.getTeam({ id: teamId }), { reason: 'TEAM_NOT_FOUND' });

    const { member } = await asAda.teams.setTeamMember({ teamId, userId: bob.id, role: MEMBER });
    const seen = await asBob.teams.getTeam({ id: teamId });

    assert.equal(member?.userName, 'bob');
    assert.notEqual(seen.team?.etag, team.etag);
    assert.deepEqual(
      (await asBob.teams.listTeams({ ...FIRST, all: false })).teams.map(({ id }) => id),
      [teamId],
    );
  });

  it('has a bot, with a source for the team and one for each of its members', async () => {
    const wish = { requestId: '', teamId: team.id, name: 'trader', teamSource: source('team') };
    await assert.rejects(asBob.bots.createBot(wish), { reason: 'PERMISSION_DENIED' });
    const created = await asAda.bots.createBot(wish);
    assert.ok(created.bot);
    bot = created.bot;

    const own = { id: bot.id, owner: ownerOf(bob.id), source: source('bob') };
    const { bot: asSeenByBob } = await asBob.bots.setBotSource(own);
    const { bot: asSeenByAda } = await asAda.bots.getBot({ id: bot.id });

    assert.deepEqual(asSeenByBob?.personalSource, { ...source('bob'), revision: 1 });
    assert.deepEqual(asSeenByAda?.teamSource, { ...source('team'), revision: 1 });
    assert.equal(asSeenByAda.personalSource, undefined);
  });

  it('admits clones by role and source', async () => {
    const { access } = await house.asService('lifecycle');
    const ask = (userId: string, ownerId: string) =>
      access.checkCloneAdmission({ botId: bot.id, owner: ownerOf(ownerId), userId });

    const personal = await ask(bob.id, bob.id);
    const shared = await ask(ada.id, team.id);

    assert.deepEqual(personal.source, { ...source('bob'), revision: 1 });
    const { standing, ...run } = shared;
    assert.deepEqual(run, {
      teamId: team.id,
      botName: 'trader',
      source: { ...source('team'), revision: 1 },
    });
    assert.deepEqual([standing?.owner, standing?.seq], [ownerOf(team.id), 0]);
    await assert.rejects(ask(bob.id, team.id), { reason: 'PERMISSION_DENIED' });
    await assert.rejects(ask(ada.id, ada.id), { reason: 'BOT_SOURCE_MISSING' });
  });

  it('tells services who is where', async () => {
    const { access } = await house.asService('keys');
    const { memberships } = await access.listMemberships({ userId: bob.id });
    assert.deepEqual(memberships, [{ teamId: team.id, role: MEMBER }]);
  });

  it('changes what a member may do with their role', async () => {
    await asAda.teams.setTeamMember({ teamId: team.id, userId: bob.id, role: ADMIN });

    const set = { id: bot.id, owner: ownerOf(team.id), source: source('newer') };
    const { bot: changed } = await asBob.bots.setBotSource(set);
    const { bot: same } = await asBob.bots.setBotSource(set);

    assert.equal(changed?.teamSource?.revision, 2);
    assert.deepEqual(same, changed);
  });

  it('runs a release of a bundle, or an image, and counts each change of them', async () => {
    const digest = `sha256:${'0f'.repeat(32)}`;
    const sources = [
      source('newer', 'v1'),
      source('newer', 'v2'),
      image({}),
      image({ tag: 'v2' }),
      image({ tag: 'v2', digest }),
      image({ tag: 'v2', digest, command: ['serve'] }),
    ];
    const { access } = await house.asService('lifecycle');
    for (const [place, each] of sources.entries()) {
      const set = { id: bot.id, owner: ownerOf(team.id), source: each };
      const { bot: changed } = await asAda.bots.setBotSource(set);
      const { bot: same } = await asAda.bots.setBotSource(set);

      assert.deepEqual(changed?.teamSource, { ...each, revision: 3 + place });
      assert.deepEqual(same, changed);
      const ask = { botId: bot.id, owner: ownerOf(team.id), userId: ada.id };
      const admitted = await access.checkCloneAdmission(ask);
      assert.deepEqual(admitted.source, changed.teamSource);
    }
  });

  it('is not there any more for whom it has let go', async () => {
    const gone = { teamId: team.id, userId: bob.id };
    await asAda.teams.removeTeamMember(gone);
    await asAda.teams.removeTeamMember(gone);

    await assert.rejects(asBob.teams.getTeam({ id: team.id }), { reason: 'TEAM_NOT_FOUND' });
    await assert.rejects(asBob.bots.getBot({ id: bot.id }), { reason: 'BOT_NOT_FOUND' });
    const { access } = await house.asService('lifecycle');
    assert.deepEqual(await access.listMemberships({ userId: bob.id }), {
      memberships: [],
      inactive: false,
    });
    const ask = { botId: bot.id, owner: ownerOf(bob.id), userId: bob.id };
    await assert.rejects(access.checkCloneAdmission(ask), { reason: 'BOT_NOT_FOUND' });
  });

  it('keeps an owner', async () => {
    const { id: teamId } = team;
    const leave = asAda.teams.removeTeamMember({ teamId, userId: ada.id });
    await assert.rejects(leave, { code: 'FAILED_PRECONDITION', reason: 'LAST_OWNER' });
    const demote = asAda.teams.setTeamMember({ teamId, userId: ada.id, role: MEMBER });
    await assert.rejects(demote, { reason: 'LAST_OWNER' });
  });

  it('ends after its bots, and gives its name free', async () => {
    const { id } = team;
    await assert.rejects(asAda.teams.deleteTeam({ id, etag: '' }), { reason: 'TEAM_NOT_EMPTY' });
    await assert.rejects(asAda.bots.deleteBot({ id: bot.id, etag: bot.etag }), {
      code: 'ABORTED',
      reason: 'ETAG_STALE',
    });
    await asAda.bots.deleteBot({ id: bot.id, etag: '' });

    const { team: deleted } = await asAda.teams.deleteTeam({ id, etag: '' });
    const { team: again } = await asAda.teams.deleteTeam({ id, etag: '' });
    const { team: other } = await asBob.teams.createTeam({ requestId: '', name: 'quants' });

    assert.ok(deleted?.deleteTime);
    assert.deepEqual(again, deleted);
    assert.notEqual(other?.id, id);
    assert.deepEqual((await asAda.teams.listTeams({ ...FIRST, all: false })).teams, []);
  });
});
