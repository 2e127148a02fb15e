// Goal: nothing is admitted for a denied owner, nor, where the access list is on, for one not on it.
// Method: three replicas on one database; what one was told holds for the others at once.

import assert from 'node:assert/strict';
import { EntitledKind } from '@ramet/proto-gen/teams.v1';
import { Scope } from '@ramet/service';
import {
  type Api,
  apiOf,
  type Crew,
  createCrew,
  type House,
  openHouse,
  ownerOf,
  source,
} from './test-house.js';
import { startTestTeams, type TestTeams } from './testing.js';

const { BOT, INSTANCE } = EntitledKind;

type Owner = ReturnType<typeof ownerOf>;

describe('the lists of owners, at the creation of a clone,', () => {
  let scope: Scope;
  let house: House;
  let other: TestTeams;
  let strict: TestTeams;
  let admin: Api;
  let elsewhere: Api;
  let crew: Crew;
  let team: Owner;
  let user: Owner;

  before(async () => {
    scope = new Scope();
    house = scope.use(await openHouse());
    const options = { databaseUrl: house.databaseUrl, tokenKeys: house.teams.tokenKeys };
    other = scope.use(await startTestTeams(options));
    strict = scope.use(await startTestTeams({ ...options, accessListEnabled: true }));
    const { token } = await house.teams.admin();
    admin = house.as(token);
    elsewhere = apiOf(other.address, token, scope);
    crew = await createCrew(house, 'gate');
    team = ownerOf(crew.team.id);
    user = ownerOf(crew.owner.id);
    const own = { id: crew.bot.id, owner: user, source: source('own') };
    await house.as(crew.owner.token).bots.setBotSource(own);
  });
  after(() => scope[Symbol.asyncDispose]());

  for (const kind of ['team', 'user'] as const) {
    it(`refuse a denied ${kind} on every replica, from when the call has returned`, async () => {
      const owner = kind === 'team' ? team : user;
      for (const reason of ['one', 'two', 'three']) {
        await admitted(owner);
        await admin.standings.denyOwner({ owner, reason });
        await refused(owner, {
          code: 'PERMISSION_DENIED',
          reason: 'OWNER_DENIED',
          message: `the ${kind} is on the deny list: ${reason}`,
        });
        await elsewhere.standings.allowOwner({ owner, reason: 'a mistake' });
      }
      await admitted(owner);
    });
  }

  it('refuse a denied user, for themselves and for their teams, and nobody else', async () => {
    await admin.standings.denyOwner({ owner: user, reason: 'mines coins' });
    const refusal = {
      reason: 'OWNER_DENIED',
      message: 'the user is on the deny list: mines coins',
    };
    await assert.rejects(check(other, user), refusal);
    await assert.rejects(check(other, team), refusal);
    await check(other, team, crew.admin.id);
    await admin.standings.allowOwner({ owner: user, reason: 'a mistake' });
    await check(other, user);
  });

  it('let a denied user log in', async () => {
    await admin.standings.denyOwner({ owner: user, reason: 'mines coins' });
    const { token } = await house.as('').tokens.exchangeToken({ apiKey: crew.owner.apiKey });
    assert.equal((await house.as(token).users.getUser({ id: '' })).user?.id, crew.owner.id);
    await admin.standings.allowOwner({ owner: user, reason: 'a mistake' });
  });

  it('tell where the owner stands', async () => {
    const kinds = [BOT];
    const { standing } = await admin.standings.grantAccess({ owner: team, kinds, reason: 'x' });
    assert.deepEqual((await check(other)).standing, standing);
    const { id } = crew.owner;
    assert.deepEqual((await check(other, user)).standing?.owner, ownerOf(id));
    await admin.standings.withdrawAccess({ owner: team, reason: 'x' });
    assert.equal((await check(other)).standing?.access, undefined);
  });

  it('admit only who is on the access list, where that is set', async () => {
    const refusal = { code: 'PERMISSION_DENIED', reason: 'OWNER_NOT_ADMITTED' };
    await assert.rejects(check(strict), refusal);
    await admin.standings.grantAccess({ owner: team, kinds: [INSTANCE], reason: 'x' });
    await check(strict);
    await assert.rejects(check(strict, user), refusal);
    await admin.standings.withdrawAccess({ owner: team, reason: 'x' });
    await assert.rejects(check(strict), refusal);
  });

  async function check(of: TestTeams, owner = team, userId = crew.owner.id) {
    const token = await house.teams.serviceToken('lifecycle');
    const { access } = apiOf(of.address, token, scope);
    return access.checkCloneAdmission({ botId: crew.bot.id, owner, userId });
  }

  async function admitted(owner: Owner): Promise<void> {
    await Promise.all([house.teams, other].map((replica) => check(replica, owner)));
  }

  async function refused(owner: Owner, like: Record<string, string>): Promise<void> {
    const calls = [house.teams, other, strict].map((replica) => check(replica, owner));
    await Promise.all(calls.map((call) => assert.rejects(call, like)));
  }
});
