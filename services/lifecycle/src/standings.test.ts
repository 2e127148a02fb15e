// Goal: an owner who is denied loses all they have and gets no more; whom a list gives access has no
// trial that ends; and both stop when the list says otherwise.
// Method: real lifecycle and teams; lifecycle starts again after each word of teams, and so hears it at
// once. The clock of their database is moved on.

import assert from 'node:assert/strict';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  CloneView,
  SetQuotaRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { EntitledKind } from '@ramet/proto-gen/teams.v1';
import { type DatabaseClock, databaseClock } from './testing/database-clock.js';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { exit, got, reached, reasonOf, until, used } from './testing/steps.js';
import { createOf, createTemplate, historyOf, stage, up } from './testing/stories.js';

const HOUR = 60 * 60_000;
const HOURLY = { seconds: 3_600n, nanos: 0 };
const ONCE = { maxExecutions: 1, on: [], backoff: undefined, maxBackoff: undefined };
const SPEC = {
  stages: [stage('main', { retry: ONCE })],
  limits: { grace: { seconds: 0n, nanos: 0 } },
};
const TRIAL = { ...SPEC, policy: { expireAfter: HOURLY, expiryGrace: HOURLY } };

describe('the lists of owners', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let root: Api;
  let clock: DatabaseClock;
  let templates = 0;

  before(async () => {
    house = await openHouse();
    root = house.as((await house.teams.admin()).token);
    clock = databaseClock(house);
  });
  after(() => house[Symbol.asyncDispose]());
  beforeEach(async () => {
    crew = await house.createCrew(`standings-${templates}`);
    api = house.as(crew.owner.token);
  });

  const told = (): Promise<void> => house.restart();

  const wish = (kind: CloneKind, spec: typeof SPEC, ownerId = crew.owner.id) => {
    templates += 1;
    return { ownerId, name: `t${templates}`, kind, spec };
  };

  async function running(kind: CloneKind = CloneKind.INSTANCE, spec = SPEC): Promise<Clone> {
    return up(house, api, await createOf(api, wish(kind, spec)), 'main');
  }

  it('take all that a denied owner has, wherever it is, and nothing of others', async () => {
    const owner = ownerOf(crew.owner.id);
    const [ended, suspended, archived, runs] = [
      await running(),
      await running(),
      await running(),
      await running(),
    ];
    exit(house, ended, { exitCode: 1 });
    await api.clones.suspendClone({ id: suspended.id, etag: '' });
    await api.clones.archiveClone({ id: archived.id, etag: '' });
    await reached(api, ended.id, ClonePhase.FAILED);
    await reached(api, suspended.id, ClonePhase.SUSPENDED);
    await reached(api, archived.id, ClonePhase.ARCHIVED);
    const starts = await createOf(api, wish(CloneKind.BOT, SPEC));
    const all = [ended.id, suspended.id, archived.id, runs.id, starts];
    const ofTeam = await createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.team.id) });
    const theirs = house.as(crew.member.token);
    const ofOther = await createClone(theirs, {
      botId: crew.bot.id,
      owner: ownerOf(crew.member.id),
    });

    await root.standings.denyOwner({ owner, reason: 'mines coins' });
    await told();

    for (const id of all) {
      await reached(api, id, ClonePhase.DELETED);
      const [entry] = (await historyOf(api, id)).filter(({ kind }) => {
        return kind === 'clone.delete_requested';
      });
      assert.deepEqual(
        [entry?.actor, entry?.cause.endsWith(': mines coins')],
        ['service:lifecycle', true],
      );
    }
    const { id: templateId } = await createTemplate(api, wish(CloneKind.BOT, SPEC));
    const again = [
      { botId: crew.bot.id, owner },
      { botId: '', templateId, owner },
    ];
    for (const asked of again) {
      assert.equal(await reasonOf(createClone(api, asked)), 'OWNER_DENIED');
    }
    assert.equal((await got(api, ofTeam.id)).deleteTime, undefined);
    assert.equal((await got(theirs, ofOther.id)).deleteTime, undefined);

    await root.standings.allowOwner({ owner, reason: 'a mistake' });
    await told();

    for (const asked of again) {
      await until(async () => (await reasonOf(createClone(api, asked))) === 'ok');
    }
    assert.equal(await used(api, crew.owner.id), 2);
    for (const id of all) assert.equal((await got(api, id)).phase, ClonePhase.DELETED);
    const restore = api.clones.restoreClone({ id: archived.id, etag: '' });
    assert.equal(await reasonOf(restore), 'CLONE_PHASE_CONFLICT');
  });

  it('have no trial of theirs end who are entitled, until they are so no longer', async () => {
    const owner = ownerOf(crew.owner.id);
    const first = await running(CloneKind.INSTANCE, TRIAL);
    const other = await running(CloneKind.ENVIRONMENT, TRIAL);
    await clock.moveOn(HOUR);
    for (const { id } of [first, other]) await reached(api, id, ClonePhase.SUSPENDED);
    const second = await running(CloneKind.INSTANCE, TRIAL);

    await root.standings.grantAccess({ owner, kinds: [EntitledKind.INSTANCE], reason: 'paid' });
    await told();

    const back = await up(house, api, first.id, 'main');
    assert.deepEqual([back.expireTime, back.deleteDueTime], [undefined, undefined]);
    assert.ok(!back.conditions.some(({ type }) => type === 'EXPIRED'));
    await until(async () => (await got(api, second.id)).expireTime === undefined);
    assert.equal((await got(api, second.id)).phase, ClonePhase.RUNNING);
    const unpaid = await got(api, other.id);
    assert.deepEqual([unpaid.phase, unpaid.reason], [ClonePhase.SUSPENDED, 'EXPIRED']);
    const third = await running(CloneKind.INSTANCE, TRIAL);
    assert.equal(third.expireTime, undefined);

    await clock.moveOn(HOUR);
    await reached(api, other.id, ClonePhase.DELETED);
    const { clones } = await api.clones.listClones({
      ...{ owner, view: CloneView.ACTIVE, pageSize: 0, pageToken: '', filter: '', orderBy: '' },
    });
    assert.deepEqual(
      clones.map(({ id, phase }) => [id, phase]),
      [third, second, first].map(({ id }) => [id, ClonePhase.RUNNING]),
    );

    await root.standings.withdrawAccess({ owner, reason: 'no longer paid' });
    await told();

    for (const { id } of clones) {
      await until(async () => (await got(api, id)).expireTime !== undefined);
      assert.equal((await got(api, id)).phase, ClonePhase.RUNNING);
    }
    await clock.moveOn(HOUR);
    for (const { id } of clones) await reached(api, id, ClonePhase.SUSPENDED);
  });

  it('are heard on by who has no room to run again what is expired', async () => {
    const owner = ownerOf(crew.owner.id);
    const { id } = await running(CloneKind.INSTANCE, TRIAL);
    await clock.moveOn(HOUR);
    await reached(api, id, ClonePhase.SUSPENDED);
    const limit = { owner, kind: CloneKind.INSTANCE, resource: 'cpu_millis', reason: 'full' };
    await root.admin.setQuota(SetQuotaRequest.fromPartial({ ...limit, limit: 0n }));

    await root.standings.grantAccess({ owner, kinds: [EntitledKind.INSTANCE], reason: 'paid' });
    await told();
    await until(async () => (await got(api, id)).expireTime === undefined);
    const { phase, deleteDueTime, conditions } = await got(api, id);
    assert.deepEqual([phase, deleteDueTime, conditions], [ClonePhase.SUSPENDED, undefined, []]);
    const resume = () => reasonOf(api.clones.resumeClone({ id, etag: '' }));
    assert.equal(await resume(), 'QUOTA_EXCEEDED');

    await root.admin.setQuota(SetQuotaRequest.fromPartial(limit));
    assert.equal(await resume(), 'ok');
    await up(house, api, id, 'main');
  });
});
