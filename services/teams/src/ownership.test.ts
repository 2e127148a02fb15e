// Goal: a team always has an OWNER, and nobody gets there but by an OWNER's hand (T32; systems.md
// F.2, row 8).
// Method: the real service on a real database.

import assert from 'node:assert/strict';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { createCrew, FIRST, type House, openHouse } from './test-house.js';

describe('the ownership of a team', () => {
  let house: House;

  before(async () => {
    house = await openHouse();
  });
  after(() => house[Symbol.asyncDispose]());

  it('T32: is not given up by the last OWNER, in no way', async () => {
    const { team, owner, admin } = await createCrew(house, 'last');
    const { teams } = house.as(owner.token);
    const [teamId, self] = [team.id, owner.id];

    const leave = teams.removeTeamMember({ teamId, userId: self });
    await assert.rejects(leave, { code: 'FAILED_PRECONDITION', reason: 'LAST_OWNER' });
    const demote = teams.setTeamMember({ teamId, userId: self, role: TeamRole.ADMIN });
    await assert.rejects(demote, { reason: 'LAST_OWNER' });

    await teams.setTeamMember({ teamId, userId: admin.id, role: TeamRole.OWNER });
    await teams.removeTeamMember({ teamId, userId: self });
    await assert.rejects(teams.getTeam({ id: teamId }), { reason: 'TEAM_NOT_FOUND' });
  });

  it('goes to another member at once, and the former OWNER stays ADMIN', async () => {
    const { team, owner, member } = await createCrew(house, 'given');
    const asked = { teamId: team.id, userId: member.id };
    const { teams } = house.as(owner.token);

    const moved = await teams.transferTeamOwnership(asked);

    assert.deepEqual([moved.owner?.userId, moved.owner?.role], [member.id, TeamRole.OWNER]);
    assert.deepEqual(
      [moved.formerOwner?.userId, moved.formerOwner?.role],
      [owner.id, TeamRole.ADMIN],
    );
    const { members } = await teams.listTeamMembers({ teamId: team.id, userId: '', ...FIRST });
    assert.equal(members.filter(({ role }) => role === TeamRole.OWNER).length, 1);
    await assert.rejects(teams.transferTeamOwnership(asked), { reason: 'PERMISSION_DENIED' });
  });

  it('goes to nobody outside of the team, and is given by OWNERs alone', async () => {
    const { team, owner, admin } = await createCrew(house, 'kept');
    const stranger = await house.teams.createUser('kept-stranger');
    const give = (token: string, userId: string) =>
      house.as(token).teams.transferTeamOwnership({ teamId: team.id, userId });

    await assert.rejects(give(owner.token, stranger.id), { reason: 'USER_NOT_FOUND' });
    await assert.rejects(give(owner.token, owner.id), { reason: 'REQUEST_INVALID' });
    await assert.rejects(give(admin.token, admin.id), { reason: 'PERMISSION_DENIED' });
    await assert.rejects(give(stranger.token, admin.id), { reason: 'TEAM_NOT_FOUND' });
  });
});
