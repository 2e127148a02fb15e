// Goal: a service account is a program of its team: there with a role, nowhere else, and gone with
// everything that proves who it is (T4, T32).
// Method: the real service on a real database.

import assert from 'node:assert/strict';
import { type ServiceAccount, TeamRole } from '@ramet/proto-gen/teams.v1';
import {
  type Api,
  type Crew,
  createCrew,
  createTeam,
  FIRST,
  type House,
  openHouse,
  ownerOf,
} from './test-house.js';
import type { TestUser } from './testing.js';

const BOUND = { code: 'FAILED_PRECONDITION', reason: 'SERVICE_ACCOUNT_BOUND' };

describe('a service account', () => {
  let house: House;
  let crew: Crew;
  let names = 0;

  before(async () => {
    house = await openHouse();
    crew = await createCrew(house, 'quants');
  });
  after(() => house[Symbol.asyncDispose]());

  it('acts with keys that the managers of its team make', async () => {
    const account = await create(TeamRole.ADMIN);
    const { api, apiKeyId } = await login(account, crew.admin);

    const { user } = await api.users.getUser({ id: '' });
    assert.deepEqual([user?.id, user?.teamId, user?.admin], [account.id, crew.team.id, false]);
    const wish = { requestId: '', teamId: crew.team.id, name: 'its-bot', teamSource: undefined };
    await api.bots.createBot(wish);
    const { apiKeys } = await as(crew.owner).users.listApiKeys({ ...FIRST, userId: account.id });
    assert.deepEqual(
      apiKeys.map(({ id }) => id),
      [apiKeyId],
    );
    await as(crew.owner).users.revokeApiKey({ id: apiKeyId });
  });

  it('T32: has its keys made by nobody else', async () => {
    const account = await create(TeamRole.ADMIN);
    const stranger = await newUser();
    for (const who of [crew.member, stranger]) {
      await assert.rejects(makeKey(account, who), { reason: 'USER_NOT_FOUND' });
      await assert.rejects(as(who).users.listApiKeys({ ...FIRST, userId: account.id }), {
        reason: 'USER_NOT_FOUND',
      });
    }
    const { apiKeyId } = await login(account, crew.owner);
    await assert.rejects(as(crew.member).users.revokeApiKey({ id: apiKeyId }), {
      reason: 'API_KEY_NOT_FOUND',
    });
  });

  it('T32: makes no keys, neither its own nor those of another', async () => {
    const account = await create(TeamRole.ADMIN);
    const { api } = await login(account, crew.owner);
    const other = await create(TeamRole.MEMBER);
    for (const { id: userId } of [account, other]) {
      const wish = { requestId: '', userId, name: 'kept', expireTime: undefined, scopes: [] };
      await assert.rejects(api.users.createApiKey(wish), { reason: 'PERMISSION_DENIED' });
    }
  });

  it('T32: is made by managers, and never OWNER', async () => {
    await assert.rejects(create(TeamRole.MEMBER, crew.member), { reason: 'PERMISSION_DENIED' });
    await assert.rejects(create(TeamRole.MEMBER, await newUser()), { reason: 'TEAM_NOT_FOUND' });
    await assert.rejects(create(TeamRole.OWNER), { reason: 'REQUEST_INVALID' });
    const { id: userId } = await create(TeamRole.ADMIN);
    const { teams } = as(crew.owner);
    const teamId = crew.team.id;
    await assert.rejects(teams.setTeamMember({ teamId, userId, role: TeamRole.OWNER }), BOUND);
    await assert.rejects(teams.transferTeamOwnership({ teamId, userId }), BOUND);
  });

  it('T32: is in no other team, by no way', async () => {
    const account = await create(TeamRole.ADMIN);
    const { api } = await login(account, crew.owner);
    const other = await newUser();
    const { id: teamId } = await createTeam(as(other), 'elsewhere');
    const userId = account.id;

    await assert.rejects(createTeam(api, 'of-its-own'), BOUND);
    const set = as(other).teams.setTeamMember({ teamId, userId, role: TeamRole.MEMBER });
    await assert.rejects(set, BOUND);
    const wish = { requestId: '', teamId, role: TeamRole.MEMBER, expireTime: undefined };
    const { invitations } = as(other);
    await assert.rejects(invitations.createInvitation({ ...wish, userId }), BOUND);
    const { code } = await invitations.createInvitation({ ...wish, userId: '' });
    const accept = { invitation: { $case: 'code' as const, value: code } };
    await assert.rejects(api.invitations.acceptInvitation(accept), BOUND);
    const leave = api.teams.removeTeamMember({ teamId: crew.team.id, userId });
    await assert.rejects(leave, BOUND);
  });

  it('has clones of its team alone', async () => {
    const { id: userId } = await create(TeamRole.ADMIN);
    const { access } = await house.asService('lifecycle');
    const botId = crew.bot.id;
    await access.checkCloneAdmission({ botId, userId, owner: ownerOf(crew.team.id) });
    const personal = access.checkCloneAdmission({ botId, userId, owner: ownerOf(userId) });
    await assert.rejects(personal, { reason: 'PERMISSION_DENIED' });
  });

  it('T4: is refused with every key while it is disabled', async () => {
    const account = await create(TeamRole.MEMBER);
    const { secret } = await makeKey(account, crew.owner);
    const { accounts } = as(crew.admin);
    const { tokens } = house.as('');

    await accounts.disableServiceAccount({ id: account.id, reason: 'its key was lost' });
    await assert.rejects(tokens.exchangeToken({ apiKey: secret }), {
      reason: 'CREDENTIAL_INVALID',
    });
    await accounts.enableServiceAccount({ id: account.id });
    await tokens.exchangeToken({ apiKey: secret });
  });

  it('T4: has no login again that it had before it was disabled', async () => {
    const account = await create(TeamRole.MEMBER);
    const { secret } = await makeKey(account, crew.owner);
    const { accounts } = as(crew.admin);
    const { tokens } = house.as('');
    const credential = { $case: 'apiKey' as const, value: secret };
    const { refreshToken } = await tokens.logIn({ credential });

    const refused = { reason: 'CREDENTIAL_INVALID' };
    await accounts.disableServiceAccount({ id: account.id, reason: 'its key was lost' });
    await assert.rejects(tokens.refreshToken({ refreshToken }), refused);
    await assert.rejects(tokens.logIn({ credential }), refused);
    await accounts.enableServiceAccount({ id: account.id });
    await assert.rejects(tokens.refreshToken({ refreshToken }), refused);
    await tokens.logIn({ credential });
  });

  it('T4: is gone when it is deleted, with its keys, and its name is free', async () => {
    const account = await create(TeamRole.ADMIN);
    const { secret } = await makeKey(account, crew.owner);
    const { accounts, teams } = as(crew.owner);
    const { id, name } = account;

    const deleted = await accounts.deleteServiceAccount({ id });

    assert.ok(deleted.serviceAccount?.deleteTime);
    assert.deepEqual(await accounts.deleteServiceAccount({ id }), deleted);
    const { tokens } = house.as('');
    await assert.rejects(tokens.exchangeToken({ apiKey: secret }), {
      reason: 'CREDENTIAL_INVALID',
    });
    await assert.rejects(makeKey(account, crew.owner), { reason: 'USER_NOT_FOUND' });
    const asked = { teamId: crew.team.id, userId: id, ...FIRST };
    assert.deepEqual((await teams.listTeamMembers(asked)).members, []);
    const again = { requestId: '', teamId: crew.team.id, name, role: TeamRole.MEMBER };
    await accounts.createServiceAccount(again);
  });

  it('T4: of a team that was deleted gets no token', async () => {
    const owner = await newUser();
    const { id: teamId } = await createTeam(as(owner), 'short-lived');
    const account = await create(TeamRole.MEMBER, owner, teamId);
    const { secret } = await makeKey(account, owner);
    const { tokens } = house.as('');
    const credential = { $case: 'apiKey' as const, value: secret };
    const { token, refreshToken } = await tokens.logIn({ credential });
    await as(owner).teams.deleteTeam({ id: teamId, etag: '' });
    const refused = { reason: 'CREDENTIAL_INVALID' };
    await assert.rejects(tokens.exchangeToken({ apiKey: secret }), refused);
    await assert.rejects(tokens.refreshToken({ refreshToken }), refused);
    await untilRevoked(house.as(token));
  });

  it('is listed for its team, and is no person', async () => {
    const account = await create(TeamRole.MEMBER);
    const { accounts } = as(crew.member);
    const list = await accounts.listServiceAccounts({ ...FIRST, teamId: crew.team.id });
    assert.deepEqual(
      list.serviceAccounts.find(({ id }) => id === account.id),
      account,
    );
    const { users } = await house.asAdmin();
    const people = await users.listUsers({ pageSize: 1_000, pageToken: '' });
    assert.ok(people.users.every(({ id }) => id !== account.id));
    await assert.rejects(users.disableUser({ id: account.id, reason: 'no person' }), {
      reason: 'USER_NOT_FOUND',
    });
    const foreign = as(await newUser()).accounts.disableServiceAccount({
      ...{ id: account.id, reason: 'not mine' },
    });
    await assert.rejects(foreign, { reason: 'USER_NOT_FOUND' });
  });

  it('shares its name with people and with accounts of other teams, not within its own', async () => {
    const wish = { requestId: '', role: TeamRole.MEMBER, name: 'quants-owner' };
    const { accounts } = as(crew.owner);
    await accounts.createServiceAccount({ ...wish, teamId: crew.team.id });
    await assert.rejects(accounts.createServiceAccount({ ...wish, teamId: crew.team.id }), {
      reason: 'NAME_TAKEN',
    });
  });

  /** Waits until a token is refused: the replica hears of it at once, but not before the answer. */
  async function untilRevoked({ users }: Api): Promise<void> {
    const ask = () => users.getUser({ id: '' });
    const outcome = () =>
      ask().then(
        () => '',
        ({ reason }) => reason,
      );
    let reason = '';
    while (reason === '') reason = await outcome();
    assert.equal(reason, 'TOKEN_REVOKED');
  }

  function as({ token }: TestUser): Api {
    return house.as(token);
  }

  function newUser(): Promise<TestUser> {
    names += 1;
    return house.teams.createUser(`somebody-${names}`);
  }

  async function create(
    role: TeamRole,
    who: TestUser = crew.owner,
    teamId: string = crew.team.id,
  ): Promise<ServiceAccount> {
    names += 1;
    const wish = { requestId: '', teamId, name: `program-${names}`, role };
    const { serviceAccount } = await as(who).accounts.createServiceAccount(wish);
    if (!serviceAccount) throw new Error('no service account came back');
    return serviceAccount;
  }

  async function makeKey({ id: userId }: ServiceAccount, who: TestUser) {
    const wish = { requestId: '', userId, name: 'test', expireTime: undefined, scopes: [] };
    return as(who).users.createApiKey(wish);
  }

  async function login(account: ServiceAccount, who: TestUser) {
    const { secret, apiKey } = await makeKey(account, who);
    const { token } = await house.as('').tokens.exchangeToken({ apiKey: secret });
    return { api: house.as(token), apiKeyId: apiKey?.id ?? '' };
  }
});
