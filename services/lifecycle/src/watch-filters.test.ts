// Goal: a watcher is told exactly what its filter asks for, and when a clone leaves it.
// Method: real streams over real sockets beside each other, with one that sees everything.

import assert from 'node:assert/strict';
import {
  CloneKind,
  CloneLeftReason,
  ClonePhase,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { reached, reasonOf, start } from './testing/steps.js';
import {
  type Filter,
  idOf,
  isCheckpoint,
  nameOf,
  requestOf,
  seqOf,
  told,
} from './testing/watching.js';

const { RUNNING, STOPPED, DELETED, PROVISIONING } = ClonePhase;

describe('the filter of a watch of clones', () => {
  let house: House;
  let crew: Crew;
  let other: Crew;
  let api: Api;

  before(async () => {
    house = await openHouse({ watch: { perCaller: 3 } });
    crew = await house.createCrew('filter');
    other = await house.createCrew('other');
    api = house.as(crew.owner.token);
  });
  after(() => house[Symbol.asyncDispose]());

  it('by phases tells when a clone enters and when it leaves', async () => {
    const phases = [RUNNING, STOPPED];
    const isOver = (all: readonly WatchClonesResponse[]): boolean =>
      all.filter((each) => nameOf(each) === 'left').length === 2;
    const watching = told(api, { phases }, isOver);
    const { id } = await createClone(api, wishOf(crew));
    await start(house, api, id);
    await api.clones.stopClone({ id, etag: '', external: undefined });
    await reached(api, id, STOPPED);
    await api.clones.deleteClone({ id, etag: '' });

    const names = (await watching).filter((each) => idOf(each) === id).map(nameOf);
    const steps = names.filter((name, at) => name !== names[at - 1]);
    assert.deepEqual(steps, ['RUNNING', 'left', 'STOPPED', 'left']);
  });

  it('by phases has the snapshot go by it, and a cursor go on with it', async () => {
    const { id } = await createClone(api, wishOf(crew));
    await reached(api, id, PROVISIONING);
    const filter = { phases: [PROVISIONING] };
    const first = await told(api, filter, (all) => all.some(isCheckpoint));
    assert.ok(first.some((each) => idOf(each) === id && nameOf(each) === 'PROVISIONING'));
    const { cursor } = first.at(-1) ?? assert.fail();

    await api.clones.deleteClone({ id, etag: '' });
    await reached(api, id, DELETED);
    const after = await told(api, { ...filter, cursor }, (all) => {
      return all.some((each) => nameOf(each) === 'left');
    });

    const { event } = after.at(-1) ?? assert.fail();
    assert.equal(event?.$case, 'left');
    assert.equal(event.value.reason, CloneLeftReason.PHASE);
  });

  it('by labels, kinds and teams lets pass what has them all', async () => {
    const labels = { tier: 'gold' };
    const wanted = await createClone(api, { ...wishOf(crew), labels: { ...labels, more: '1' } });
    const wrong = await createClone(api, { ...wishOf(crew), labels: { tier: 'silver' } });
    const filter = { labels, teamId: crew.team.id, kinds: [CloneKind.BOT] };

    const ids = await idsOf(api, filter);
    assert.ok(ids.includes(wanted.id));
    assert.ok(!ids.includes(wrong.id));
    assert.deepEqual(await idsOf(api, { ...filter, teamId: other.team.id }), []);
    assert.deepEqual(await idsOf(api, { ...filter, kinds: [CloneKind.WORKFLOW] }), []);
    assert.deepEqual(await idsOf(api, { labels: { ...labels, tier: 'none' } }), []);
  });

  it('shows a team that was gained meanwhile, and nothing twice', async () => {
    const guest = house.as(other.member.token);
    const begun = await told(guest, {}, (all) => all.some(isCheckpoint));
    const { cursor } = begun.at(-1) ?? assert.fail();
    const mine = await createClone(guest, wishOf(other, other.member.id));
    const theirs = await createClone(api, wishOf(crew, crew.team.id));
    await reached(api, theirs.id, PROVISIONING);
    await api.teams.setTeamMember({
      teamId: crew.team.id,
      userId: other.member.id,
      role: TeamRole.ADMIN,
    });

    const isDone = (all: readonly WatchClonesResponse[]): boolean =>
      all.some((each) => idOf(each) === theirs.id && nameOf(each) === 'DELETED');
    let deleted: Promise<unknown> | undefined;
    const resumed = await told(guest, { cursor }, (all) => {
      const isThere = all.some((each) => idOf(each) === theirs.id);
      if (isThere) deleted ??= api.clones.deleteClone({ id: theirs.id, etag: '' });
      return isDone(all);
    });
    await deleted;

    const seqs = (id: string) => resumed.filter((each) => idOf(each) === id).map(seqOf);
    assert.equal(resumed.find((each) => idOf(each) === theirs.id)?.event?.$case, 'snapshot');
    assert.deepEqual(seqs(theirs.id), dense(seqs(theirs.id)[0] ?? 0, seqs(theirs.id).length));
    assert.deepEqual(seqs(mine.id).slice(0, 2), [1, 2]);
  });

  it('has to begin again after a team was lost', async () => {
    const guest = house.as(other.admin.token);
    const begun = await told(guest, {}, (all) => all.some(isCheckpoint));
    const { cursor } = begun.at(-1) ?? assert.fail();
    const boss = house.as(other.owner.token);
    await boss.teams.removeTeamMember({ teamId: other.team.id, userId: other.admin.id });

    // What is not known yet at the start of a watch cuts it.
    let reason = 'PERMISSION_DENIED';
    while (reason === 'PERMISSION_DENIED') {
      reason = await reasonOf(told(guest, { cursor }, () => false));
    }
    assert.equal(reason, 'CURSOR_PRUNED');
  });

  it('is one of a few that a caller may have at once', async () => {
    const member = house.as(crew.member.token);
    const watches = Array.from({ length: 3 }, () => member.clones.watchClones(requestOf({})));
    for (const watch of watches) await watch.next();

    assert.equal(await reasonOf(told(member, {}, () => true)), 'WATCH_LIMIT');
    await watches[0]?.return();
    await untilAdmitted(member);
    for (const watch of watches) await watch.return();
  });
});

/** Watches as often as it takes until there is room. */
async function untilAdmitted(api: Api): Promise<void> {
  while ((await reasonOf(told(api, {}, () => true))) === 'WATCH_LIMIT');
}

function wishOf({ bot, owner }: Crew, ownerId = owner.id) {
  return { botId: bot.id, owner: ownerOf(ownerId) };
}

/** The clones of a snapshot. */
async function idsOf(api: Api, filter: Filter): Promise<readonly string[]> {
  return (await told(api, filter, (all) => all.some(isCheckpoint))).flatMap(
    (each) => idOf(each) ?? [],
  );
}

function dense(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => first + n);
}
