// Goal: an invitation brings one user into a team, once, with no more rights than its inviter has
// (T32; systems.md F.2, row 8).
// Method: the real service on a real database, whose clock a test may move; two replicas for races.

import assert from 'node:assert/strict';
import {
  type CreateInvitationRequest,
  type Invitation,
  InvitationState,
  TeamRole,
} from '@ramet/proto-gen/teams.v1';
import { RemoteError } from '@ramet/rpc';
import { Scope } from '@ramet/service';
import {
  type Api,
  apiOf,
  type Crew,
  createCrew,
  FIRST,
  type House,
  openHouse,
} from './test-house.js';
import { startTestTeams, type TestUser } from './testing.js';

const DAY_MS = 24 * 60 * 60_000;

describe('an invitation', () => {
  let house: House;
  let crew: Crew;
  let names = 0;

  before(async () => {
    house = await openHouse();
    crew = await createCrew(house, 'quants');
  });
  after(() => house[Symbol.asyncDispose]());

  it('brings who has its code into the team, once', async () => {
    const { invitation, code } = await invite(crew.owner, TeamRole.ADMIN);
    const [guest, late] = [await newUser(), await newUser()];
    assert.match(code, /^ramet_invite_[0-9A-Za-z]{36}$/);
    assert.equal(invitation.prefix, code.slice(0, invitation.prefix.length));

    const accepted = await acceptBy(guest, code);
    const again = await acceptBy(guest, code);

    assert.equal(accepted.member?.role, TeamRole.ADMIN);
    assert.deepEqual(again, accepted);
    assert.equal(accepted.invitation?.state, InvitationState.ACCEPTED);
    assert.equal(accepted.invitation?.acceptedBy, guest.id);
    assert.equal((await as(guest).teams.getTeam({ id: crew.team.id })).team?.name, crew.team.name);
    await assert.rejects(acceptBy(late, code), {
      code: 'FAILED_PRECONDITION',
      reason: 'INVITATION_USED',
    });
  });

  it('that was accepted does not bring back who was removed', async () => {
    const { code } = await invite(crew.owner, TeamRole.MEMBER);
    const guest = await newUser();
    await acceptBy(guest, code);
    await as(crew.owner).teams.removeTeamMember({ teamId: crew.team.id, userId: guest.id });

    await assert.rejects(acceptBy(guest, code), { reason: 'INVITATION_USED' });
  });

  it('has one winner when many accept it at once, on two replicas', async () => {
    await using scope = new Scope();
    const { databaseUrl } = house;
    const { tokenKeys } = house.teams;
    const other = scope.use(await startTestTeams({ databaseUrl, tokenKeys }));
    const { code } = await invite(crew.owner, TeamRole.MEMBER);
    const guests = await Promise.all(Array.from({ length: 6 }, () => newUser()));

    const outcomes = await Promise.all(
      guests.map(({ token }, at) => {
        const address = at % 2 === 0 ? house.teams.address : other.address;
        const { invitations } = apiOf(address, token, scope);
        return reasonOf(invitations.acceptInvitation(byCode(code)));
      }),
    );

    assert.deepEqual(outcomes.sort(), [...Array(5).fill('INVITATION_USED'), 'OK']);
    const members = await membersOf();
    assert.equal(guests.filter(({ id }) => members.has(id)).length, 1);
  });

  it('T32: gives no role that the inviter does not hold', async () => {
    const byAdmin = as(crew.admin).invitations;
    const byMember = as(crew.member).invitations;
    await assert.rejects(byAdmin.createInvitation(wish(TeamRole.OWNER)), {
      reason: 'PERMISSION_DENIED',
    });
    await assert.rejects(byMember.createInvitation(wish(TeamRole.MEMBER)), {
      reason: 'PERMISSION_DENIED',
    });
    await byAdmin.createInvitation(wish(TeamRole.ADMIN));
    await as(crew.owner).invitations.createInvitation(wish(TeamRole.OWNER));
  });

  it('T32: is not good any more once the inviter has lost the role that it offers', async () => {
    const inviter = await newUser();
    const teamId = crew.team.id;
    const set = (role: TeamRole) =>
      as(crew.owner).teams.setTeamMember({ teamId, userId: inviter.id, role });
    await set(TeamRole.ADMIN);
    const forAdmin = await invite(inviter, TeamRole.ADMIN);
    const gone = await invite(inviter, TeamRole.MEMBER);

    await set(TeamRole.MEMBER);
    await assert.rejects(acceptBy(await newUser(), forAdmin.code), {
      reason: 'INVITATION_REVOKED',
    });
    await as(crew.owner).teams.removeTeamMember({ teamId, userId: inviter.id });
    await assert.rejects(acceptBy(await newUser(), gone.code), { reason: 'INVITATION_REVOKED' });
  });

  it('T4: is not good while the inviter is disabled', async () => {
    const inviter = await newUser();
    const ask = { teamId: crew.team.id, userId: inviter.id, role: TeamRole.ADMIN };
    await as(crew.owner).teams.setTeamMember(ask);
    const { code } = await invite(inviter, TeamRole.ADMIN);
    const { users } = await house.asAdmin();
    const guest = await newUser();

    await users.disableUser({ id: inviter.id, reason: 'left' });
    await assert.rejects(acceptBy(guest, code), { reason: 'INVITATION_REVOKED' });
    await users.enableUser({ id: inviter.id });
    await acceptBy(guest, code);
  });

  it('for one user is seen and accepted by that user alone', async () => {
    const [guest, other] = [await newUser(), await newUser()];
    const { invitation, code } = await invite(crew.owner, TeamRole.MEMBER, { userId: guest.id });
    const { id } = invitation;

    assert.deepEqual(await mine(other), []);
    await assert.rejects(acceptBy(other, code), { reason: 'INVITATION_NOT_FOUND' });
    await assert.rejects(as(other).invitations.acceptInvitation(byId(id)), {
      reason: 'INVITATION_NOT_FOUND',
    });
    await assert.rejects(as(other).invitations.declineInvitation({ id }), {
      reason: 'INVITATION_NOT_FOUND',
    });
    assert.deepEqual(await mine(guest), [invitation]);
    assert.equal(invitation.teamName, crew.team.name);

    const { member } = await as(guest).invitations.acceptInvitation(byId(id));
    assert.equal(member?.userId, guest.id);
    assert.deepEqual(await mine(guest), []);
  });

  it('for whoever has the code is not opened by its id', async () => {
    const { invitation } = await invite(crew.owner, TeamRole.MEMBER);
    const asked = as(await newUser()).invitations.acceptInvitation(byId(invitation.id));
    await assert.rejects(asked, { reason: 'INVITATION_NOT_FOUND' });
  });

  it('can be declined by whom it is for, for good', async () => {
    const guest = await newUser();
    const { invitation, code } = await invite(crew.owner, TeamRole.MEMBER, { userId: guest.id });
    const { id } = invitation;

    const declined = await as(guest).invitations.declineInvitation({ id });
    assert.deepEqual(await as(guest).invitations.declineInvitation({ id }), declined);
    assert.equal(declined.invitation?.state, InvitationState.DECLINED);
    await assert.rejects(acceptBy(guest, code), { reason: 'INVITATION_DECLINED' });
  });

  it('can be taken back until it is accepted', async () => {
    const [open, taken] = [
      await invite(crew.owner, TeamRole.MEMBER),
      await invite(crew.owner, TeamRole.MEMBER),
    ];
    await acceptBy(await newUser(), taken.code);
    const revoke = (who: TestUser, { invitation }: typeof open) =>
      as(who).invitations.revokeInvitation({ id: invitation.id });

    await assert.rejects(revoke(crew.member, open), { reason: 'PERMISSION_DENIED' });
    await assert.rejects(revoke(await newUser(), open), { reason: 'INVITATION_NOT_FOUND' });
    const revoked = await revoke(crew.admin, open);
    assert.deepEqual(await revoke(crew.owner, open), revoked);
    await assert.rejects(acceptBy(await newUser(), open.code), { reason: 'INVITATION_REVOKED' });
    await assert.rejects(revoke(crew.owner, taken), { reason: 'INVITATION_USED' });
  });

  it('ends after a week, or when it was said, by the clock of the database', async () => {
    const usual = await invite(crew.owner, TeamRole.MEMBER);
    const life = (given: Invitation): number =>
      (given.expireTime?.getTime() ?? 0) - (given.createTime?.getTime() ?? 0);
    assert.equal(life(usual.invitation), 7 * DAY_MS);
    for (const inMs of [-1_000, 31 * DAY_MS]) {
      const expireTime = new Date(Date.now() + inMs);
      await assert.rejects(
        as(crew.owner).invitations.createInvitation({ ...wish(TeamRole.MEMBER), expireTime }),
        { reason: 'REQUEST_INVALID' },
      );
    }
    const expireTime = new Date(Date.now() + 700);
    const short = await invite(crew.owner, TeamRole.MEMBER, { expireTime });
    while ((await find(short.invitation.id))?.state === InvitationState.OPEN);
    await assert.rejects(acceptBy(await newUser(), short.code), { reason: 'INVITATION_EXPIRED' });
  });

  it('never lowers a role, and raises one', async () => {
    const lower = await invite(crew.owner, TeamRole.MEMBER);
    const higher = await invite(crew.owner, TeamRole.ADMIN);
    assert.equal((await acceptBy(crew.owner, lower.code)).member?.role, TeamRole.OWNER);
    const guest = await newUser();
    await acceptBy(guest, (await invite(crew.owner, TeamRole.MEMBER)).code);
    assert.equal((await acceptBy(guest, higher.code)).member?.role, TeamRole.ADMIN);
  });

  it('shows its code once, whoever asks', async () => {
    const request = { ...wish(TeamRole.MEMBER), requestId: 'once' };
    const first = await as(crew.owner).invitations.createInvitation(request);
    const second = await as(crew.owner).invitations.createInvitation(request);
    assert.deepEqual(second.invitation, first.invitation);
    assert.deepEqual([first.code === '', second.code], [false, '']);
  });

  it('is refused alike for a code that is none, and for one that nobody has', async () => {
    const { code } = await invite(crew.owner, TeamRole.MEMBER);
    const guest = await newUser();
    for (const wrong of ['x', code.slice(0, -1), code.toUpperCase(), ` ${code}`]) {
      await assert.rejects(acceptBy(guest, wrong), (thrown: RemoteError) => {
        assert.equal(thrown.reason, 'INVITATION_NOT_FOUND');
        assert.ok(!JSON.stringify(thrown).includes(code.slice(-20)));
        return true;
      });
    }
  });

  it('of a team is listed for who may invite, open ones first of all', async () => {
    const { invitations } = as(crew.admin);
    const teamId = crew.team.id;
    const { invitations: open } = await invitations.listInvitations({
      ...FIRST,
      teamId,
      all: false,
    });
    const { invitations: all } = await invitations.listInvitations({ ...FIRST, teamId, all: true });
    assert.ok(open.every(({ state }) => state === InvitationState.OPEN));
    assert.ok(all.length > open.length);
    const list = (who: TestUser) =>
      as(who).invitations.listInvitations({ ...FIRST, teamId, all: true });
    await assert.rejects(list(crew.member), { reason: 'PERMISSION_DENIED' });
    await assert.rejects(list(await newUser()), { reason: 'TEAM_NOT_FOUND' });
  });

  function as({ token }: TestUser): Api {
    return house.as(token);
  }

  function newUser(): Promise<TestUser> {
    names += 1;
    return house.teams.createUser(`guest-${names}`);
  }

  function wish(role: TeamRole): CreateInvitationRequest {
    return { requestId: '', teamId: crew.team.id, role, userId: '', expireTime: undefined };
  }

  async function invite(
    who: TestUser,
    role: TeamRole,
    more: Partial<CreateInvitationRequest> = {},
  ): Promise<{ readonly invitation: Invitation; readonly code: string }> {
    const { invitation, code } = await as(who).invitations.createInvitation({
      ...wish(role),
      ...more,
    });
    if (!invitation) throw new Error('no invitation came back');
    return { invitation, code };
  }

  function acceptBy(who: TestUser, code: string) {
    return as(who).invitations.acceptInvitation(byCode(code));
  }

  async function mine(who: TestUser): Promise<readonly Invitation[]> {
    const request = { ...FIRST, teamId: '', all: false };
    return (await as(who).invitations.listInvitations(request)).invitations;
  }

  async function find(id: string): Promise<Invitation | undefined> {
    const request = { teamId: crew.team.id, all: true, pageSize: 1_000, pageToken: '' };
    const { invitations } = await as(crew.owner).invitations.listInvitations(request);
    return invitations.find((invitation) => invitation.id === id);
  }

  async function membersOf(): Promise<ReadonlySet<string>> {
    const request = { teamId: crew.team.id, userId: '', pageSize: 1_000, pageToken: '' };
    const { members } = await as(crew.owner).teams.listTeamMembers(request);
    return new Set(members.map(({ userId }) => userId));
  }
});

function byCode(value: string) {
  return { invitation: { $case: 'code' as const, value } };
}

function byId(value: string) {
  return { invitation: { $case: 'id' as const, value } };
}

async function reasonOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (thrown) {
    if (thrown instanceof RemoteError) return thrown.reason;
    throw thrown;
  }
}
