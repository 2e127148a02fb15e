// Goal: a watcher is told when a clone goes to another owner: that it has left, or that it came.
// Method: real streams of both owners and of an administrator, beside each other and after a cursor.

import assert from 'node:assert/strict';
import {
  CloneLeftReason,
  ReassignCloneRequest,
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
import { start } from './testing/steps.js';
import { idOf, isCheckpoint, nameOf, seqOf, told } from './testing/watching.js';

type Seen = readonly WatchClonesResponse[];

describe('a watch of a clone that goes to another owner', () => {
  let house: House;
  let from: Crew;
  let to: Crew;
  let giver: Api;
  let taker: Api;
  let admin: Api;

  before(async () => {
    house = await openHouse();
    from = await house.createCrew('giver');
    to = await house.createCrew('taker');
    giver = house.as(from.owner.token);
    taker = house.as(to.owner.token);
    admin = house.as((await house.teams.admin()).token);
  });
  after(() => house[Symbol.asyncDispose]());

  it('tells the former owner that it left, and the new one all that comes after', async () => {
    const { id } = await running();
    const begun = { giver: mark(), taker: mark(), admin: mark() };
    const giving = told(giver, {}, begun.giver.until(hasLeft(id)));
    const taking = told(taker, {}, begun.taker.until(isDeleted(id)));
    const overseeing = told(admin, { cloneId: id }, begun.admin.until(isDeleted(id)));
    await Promise.all([begun.giver.proven, begun.taker.proven, begun.admin.proven]);

    await reassign(id, to.owner.id);
    await taker.clones.deleteClone({ id, etag: '' });

    const left = leftIn(await giving, id);
    assert.equal(left.reason, CloneLeftReason.OWNER);
    const taken = about(await taking, id);
    assert.equal(taken[0]?.event?.$case, 'change');
    assert.deepEqual(taken.map(seqOf), dense(left.seq, taken.length));
    const overseen = about(await overseeing, id);
    assert.ok(overseen.every(({ event }) => event?.$case !== 'left'));
    assert.deepEqual(overseen.map(seqOf), dense(left.seq - 1, taken.length + 1));
  });

  it('tells the same after a cursor from before', async () => {
    const { id } = await running();
    const cursors = { giver: await cursorOf(giver), taker: await cursorOf(taker) };
    await reassign(id, to.owner.id);
    await taker.clones.deleteClone({ id, etag: '' });

    const left = leftIn(await told(giver, { cursor: cursors.giver }, hasLeft(id)), id);
    assert.equal(left.reason, CloneLeftReason.OWNER);
    const taken = about(await told(taker, { cursor: cursors.taker }, isDeleted(id)), id);
    assert.equal(taken[0]?.event?.$case, 'change');
    assert.deepEqual(taken.map(seqOf), dense(left.seq, taken.length));
  });

  it('lets it come back to its former owner', async () => {
    const { id } = await running();
    const cursor = await cursorOf(giver);
    await reassign(id, to.owner.id);
    await reassign(id, from.owner.id);
    await giver.clones.deleteClone({ id, etag: '' });

    const names = about(await told(giver, { cursor }, isDeleted(id)), id).map(nameOf);
    assert.deepEqual(names.slice(0, 2), ['left', 'RUNNING']);
  });

  it('shows it once, in order, to who has gained the new owner meanwhile', async () => {
    const { id } = await createClone(giver, { botId: from.bot.id, owner: ownerOf(from.owner.id) });
    const cursor = await cursorOf(giver);
    await start(house, giver, id);
    await reassign(id, to.team.id);
    const { teamId, userId } = { teamId: to.team.id, userId: from.owner.id };
    await taker.teams.setTeamMember({ teamId, userId, role: TeamRole.ADMIN });
    // From here on it is known that they see it.
    await told(giver, { owner: ownerOf(teamId) }, (all) => about(all, id).length > 0);
    let deleted: Promise<unknown> | undefined;

    const after = await told(giver, { cursor }, (all) => {
      if (about(all, id).length > 0) deleted ??= taker.clones.deleteClone({ id, etag: '' });
      return isDeleted(id)(all);
    });
    await deleted;

    const seen = about(after, id);
    assert.equal(seen[0]?.event?.$case, 'snapshot');
    assert.deepEqual(seen.map(seqOf), dense(seqOf(seen[0] ?? assert.fail()), seen.length));
  });

  async function running(): Promise<{ readonly id: string }> {
    const { id } = await createClone(giver, { botId: from.bot.id, owner: ownerOf(from.owner.id) });
    await start(house, giver, id);
    return { id };
  }

  async function reassign(id: string, ownerId: string): Promise<void> {
    const asked = { id, owner: ownerOf(ownerId), reason: 'the test gives it away' };
    await admin.admin.reassignClone(ReassignCloneRequest.fromPartial(asked));
  }
});

async function cursorOf(api: Api): Promise<Buffer> {
  const all = await told(api, {}, (seen) => seen.some(isCheckpoint));
  return all.at(-1)?.cursor ?? assert.fail();
}

/** Says when a watch has told how things are. */
function mark() {
  let tell: () => void = () => undefined;
  const proven = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const until = (isEnough: (all: Seen) => boolean) => (all: Seen) => {
    if (all.some(isCheckpoint)) tell();
    return isEnough(all);
  };
  return { proven, until };
}

function about(all: Seen, id: string): Seen {
  return all.filter((each) => idOf(each) === id);
}

function hasLeft(id: string): (all: Seen) => boolean {
  return (all) => about(all, id).some(({ event }) => event?.$case === 'left');
}

function isDeleted(id: string): (all: Seen) => boolean {
  return (all) => about(all, id).some((each) => nameOf(each) === 'DELETED');
}

function leftIn(all: Seen, id: string) {
  const { event } = about(all, id).at(-1) ?? assert.fail();
  assert.equal(event?.$case, 'left');
  return event.value;
}

function dense(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => first + n);
}
