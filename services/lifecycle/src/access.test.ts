// Goal: who may not see a clone finds nothing, and only who may call an RPC gets further.
// Method: every RPC, by callers of every standing, against one table that has to be complete.

import assert from 'node:assert/strict';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import {
  type Clone,
  CloneDirectoryServiceService,
  CloneServiceService,
  ExecutionReportServiceService,
  WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  DENIED,
  drain,
  MISSING,
  PERSONAL,
  STANDINGS,
  type Standing,
  TABLE,
  Unseen,
} from './testing/access-table.js';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { createRunning, reasonOf } from './testing/steps.js';

describe('access to clones', () => {
  let house: House;
  let crew: Crew;
  let callers: Readonly<Record<Standing, Api>>;
  let teamClone: Clone;
  let ownClone: Clone;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('access');
    const owner = house.as(crew.owner.token);
    teamClone = await createRunning(house, owner, { botId: crew.bot.id, ownerId: crew.team.id });
    ownClone = await createRunning(house, owner, { botId: crew.bot.id, ownerId: crew.owner.id });
    callers = {
      owner,
      admin: house.as(crew.admin.token),
      member: house.as(crew.member.token),
      overseer: house.as((await house.teams.admin()).token),
      stranger: house.as((await house.teams.createUser('stranger')).token),
      anonymous: house.as(''),
      keys: house.as(await house.teams.serviceToken('keys')),
      teams: house.as(await house.teams.serviceToken('teams')),
      executor: house.as(await house.teams.serviceToken('executor')),
      runner: await house.asRunner(teamClone),
      'other runner': await house.asRunner(ownClone),
    };
  });
  after(() => house[Symbol.asyncDispose]());

  it('is said for every RPC', () => {
    const services = [
      CloneServiceService,
      ExecutionReportServiceService,
      CloneDirectoryServiceService,
      HistoryServiceService,
    ];
    const methods = services.flatMap((service) =>
      Object.values(service).map(({ path }) => path.split('/').at(-1)),
    );
    assert.deepEqual(Object.keys(TABLE).sort(), methods.sort());
  });

  for (const [method, [call, verdicts]] of Object.entries(TABLE)) {
    it(`${method} tells of a team's clone who runs the team`, async () => {
      const got: Partial<Record<Standing, string>> = {};
      for (const standing of STANDINGS) {
        got[standing] = await outcome(call(callers[standing], { clone: teamClone, crew }));
      }
      assert.deepEqual(got, verdicts);
    });
  }

  for (const method of ['GetClone', 'ListCloneHistory', 'StreamCloneLogs', 'StopClone'] as const) {
    it(`${method} tells of a personal clone its owner alone`, async () => {
      const [call] = TABLE[method] ?? assert.fail();
      const got: Partial<Record<Standing, string>> = {};
      for (const standing of STANDINGS) {
        got[standing] = await outcome(call(callers[standing], { clone: ownClone, crew }));
      }
      assert.deepEqual(got, PERSONAL);
    });
  }

  it('is lost within a second of losing the role, by streams too', async () => {
    const { owner, admin } = callers;
    const clone = await createClone(owner, { botId: crew.bot.id, owner: ownerOf(crew.team.id) });
    const watch = admin.clones.watchClones(WatchClonesRequest.fromPartial({}));
    const watched = reasonOf(drain(watch));

    await owner.teams.removeTeamMember({ teamId: crew.team.id, userId: crew.admin.id });

    assert.equal(await watched, DENIED);
    assert.equal(await reasonOf(admin.clones.getClone({ id: clone.id, asOf: undefined })), MISSING);
  });
});

async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    return await reasonOf(call);
  } catch (thrown) {
    if (thrown instanceof Unseen) return thrown.told;
    throw thrown;
  }
}
