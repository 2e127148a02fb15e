// Goal: what is done to many clones at once is done to those that are meant, and told one by one; lists
// and quotas have what they say.
// Method: real lifecycle and teams on a real database; a clock that stands still where a rate is judged.

import assert from 'node:assert/strict';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  type CloneResult,
  CloneView,
  DeleteClonesRequest,
  ListClonesRequest,
  SetQuotaRequest,
  StopClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { systemClock } from '@ramet/service';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { createRunning, exit, got, reached, reasonOf } from './testing/steps.js';

const NOWHERE = `cln_${'0'.repeat(26)}`;

describe('many clones', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let root: Api;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('many');
    api = house.as(crew.owner.token);
    root = house.as((await house.teams.admin()).token);
  });
  after(() => house[Symbol.asyncDispose]());

  async function create(colour: string, caller = api, ownerId = crew.owner.id): Promise<Clone> {
    const asked = { botId: crew.bot.id, owner: ownerOf(ownerId), labels: { colour } };
    return createClone(caller, asked);
  }

  const toldOf = (results: readonly CloneResult[]): readonly (readonly string[])[] =>
    results.map(({ id, error }) => [id, error?.reason ?? 'ok']);

  it('are stopped and deleted by id, and told one by one what went wrong', async () => {
    const mine = [await create('red'), await create('red')].map(({ id }) => id);
    const theirs = await create('red', house.as(crew.member.token), crew.member.id);
    const gone = await create('red');
    await api.clones.deleteClone({ id: gone.id, etag: '' });
    const ids = [...mine, theirs.id, NOWHERE, gone.id];

    const stopped = await api.clones.stopClones(StopClonesRequest.fromPartial({ ids }));
    assert.deepEqual(toldOf(stopped.results), [
      ...mine.map((id) => [id, 'ok']),
      [theirs.id, 'CLONE_NOT_FOUND'],
      [NOWHERE, 'CLONE_NOT_FOUND'],
      [gone.id, 'CLONE_PHASE_CONFLICT'],
    ]);
    for (const id of mine) await reached(api, id, ClonePhase.STOPPED);

    const deleted = await api.clones.deleteClones(DeleteClonesRequest.fromPartial({ ids: mine }));
    assert.deepEqual(
      toldOf(deleted.results),
      mine.map((id) => [id, 'ok']),
    );
    for (const id of mine) await reached(api, id, ClonePhase.DELETED);
    assert.equal((await got(house.as(crew.member.token), theirs.id)).deleteTime, undefined);
  });

  it('are each told the same in any order, and in any company (T12)', async () => {
    const mine = await create('white');
    const theirs = await create('white', house.as(crew.member.token), crew.member.id);
    const ids = [mine.id, theirs.id, NOWHERE];
    const expected = new Map([
      [mine.id, 'ok'],
      [theirs.id, 'CLONE_NOT_FOUND'],
      [NOWHERE, 'CLONE_NOT_FOUND'],
    ]);
    for (const asked of [ids, ids.toReversed(), [theirs.id], [NOWHERE, mine.id], [mine.id]]) {
      const request = StopClonesRequest.fromPartial({ ids: asked });
      const { results } = await api.clones.stopClones(request);
      assert.deepEqual(
        toldOf(results),
        asked.map((id) => [id, expected.get(id)]),
      );
    }
  });

  it('are selected by a filter, if they are as many as expected, and never all by accident', async () => {
    const blue = [await create('blue'), await create('blue'), await create('blue')];
    const green = await create('green');
    const owner = ownerOf(crew.owner.id);
    const select = (expectedCount: number, filter = 'labels.colour = blue') =>
      DeleteClonesRequest.fromPartial({ selection: { owner, filter, expectedCount } });
    const refused = [
      [select(2), 'COUNT_MISMATCH'],
      [select(4), 'COUNT_MISMATCH'],
      [select(3, 'labels.colour = '), 'REQUEST_INVALID'],
      [DeleteClonesRequest.fromPartial({}), 'REQUEST_INVALID'],
      [{ ...select(3), ids: [green.id] }, 'REQUEST_INVALID'],
    ] as const;
    for (const [asked, reason] of refused) {
      assert.equal(await reasonOf(api.clones.deleteClones(asked)), reason);
    }
    for (const { id } of [...blue, green]) assert.equal((await got(api, id)).deleteTime, undefined);

    const { results } = await api.clones.deleteClones(select(3));
    assert.deepEqual(results.map(({ id }) => id).sort(), blue.map(({ id }) => id).sort());
    for (const { id } of blue) await reached(api, id, ClonePhase.DELETED);
    assert.equal((await got(api, green.id)).deleteTime, undefined);
  });

  it('are active until they are deleted, also those that have ended', async () => {
    const wish = { botId: crew.bot.id, ownerId: crew.owner.id };
    const [ended, gone] = [
      await createRunning(house, api, wish),
      await createRunning(house, api, wish),
    ];
    exit(house, ended, { exitCode: 0 });
    await reached(api, ended.id, ClonePhase.COMPLETED);
    await api.clones.deleteClone({ id: gone.id, etag: '' });
    await reached(api, gone.id, ClonePhase.DELETED);

    const seenIn = async (view: CloneView): Promise<readonly string[]> => {
      const { clones } = await api.clones.listClones(ListClonesRequest.fromPartial({ view }));
      const ids = clones.map(({ id }) => id);
      return [ended, gone].filter(({ id }) => ids.includes(id)).map(({ id }) => id);
    };
    assert.deepEqual(await seenIn(CloneView.ACTIVE), [ended.id]);
    assert.deepEqual(await seenIn(CloneView.HISTORY), [ended.id, gone.id]);
    assert.deepEqual(await seenIn(CloneView.ALL), [ended.id, gone.id]);
  });

  it('are as many as the own limit of an owner says, else as the default', async () => {
    const other = await house.createCrew('limited');
    const theirs = house.as(other.owner.token);
    const owner = ownerOf(other.owner.id);
    const set = { kind: CloneKind.BOT, resource: 'clones', reason: 'as the test has it' };
    const limitOf = async (): Promise<bigint | undefined> => {
      const { quotas } = await theirs.clones.getQuota({ owner });
      const found = quotas.find(({ kind, resource }) => {
        return kind === set.kind && resource === set.resource;
      });
      return found?.limit;
    };
    const ask = () => reasonOf(createClone(theirs, { botId: other.bot.id, owner }));
    const setQuota = (more: object) =>
      root.admin.setQuota(SetQuotaRequest.fromPartial({ ...set, ...more }));

    const usual = await limitOf();
    await setQuota({ limit: 0n });
    assert.deepEqual([await limitOf(), await ask()], [0n, 'QUOTA_EXCEEDED']);
    await setQuota({ owner, limit: 1n });
    assert.deepEqual([await limitOf(), await ask(), await ask()], [1n, 'ok', 'QUOTA_EXCEEDED']);
    await setQuota({});
    assert.deepEqual([await limitOf(), await ask()], [1n, 'QUOTA_EXCEEDED']);
    await setQuota({ owner });
    assert.deepEqual([await limitOf(), await ask()], [usual, 'ok']);
  });
});

describe('many who create clones for one owner', () => {
  it('are held to the rate of one', async () => {
    const burst = 10;
    const rate = { rateLimit: 1, rateBurst: burst };
    await using house = await openHouse({ rate, clock: { ...systemClock, elapsed: () => 0 } });
    const crew = await house.createCrew('crowd');
    const owners = house.as(crew.owner.token);
    const membership = { teamId: crew.team.id, userId: crew.member.id, role: TeamRole.ADMIN };
    await owners.teams.setTeamMember(membership);
    const asked = { botId: crew.bot.id, owner: ownerOf(crew.team.id), validateOnly: true };

    const answers: string[] = [];
    for (const { token } of [crew.owner, crew.admin, crew.member]) {
      const caller = house.as(token);
      for (let n = 0; n < burst / 2; n += 1)
        answers.push(await reasonOf(createClone(caller, asked)));
    }

    const taken = answers.filter((answer) => answer === 'ok').length;
    assert.deepEqual([taken, new Set(answers)], [burst, new Set(['ok', 'RATE_LIMITED'])]);
  });
});
