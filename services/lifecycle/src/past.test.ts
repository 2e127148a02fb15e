// Goal: the past of a clone is told as it was, to whoever sees the clone now, and other histories beside
// it never get in the way of whoever follows clones.
// Method: real lifecycle over real sockets; every moment is compared with what was seen at the time.

import assert from 'node:assert/strict';
import {
  type Clone,
  type CloneHistoryEntry,
  CloneKind,
  ClonePhase,
  CreateTemplateRequest,
  ListCloneHistoryRequest,
  type Moment,
  OverrideScope,
  TemplateSpec,
  UpdateTemplateRequest,
  WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { createRunning, exit, got, reached, reasonOf, until } from './testing/steps.js';

const OUT = 'HISTORY_OUT_OF_RANGE';
const PLACE = TemplateSpec.fromPartial({
  stages: [
    {
      name: 'main',
      work: {
        $case: 'source',
        value: { source: { $case: 'process', value: { bundle: 'web', command: ['node'] } } },
      },
    },
  ],
});

describe('the past of a clone', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let ended: Clone;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('past');
    api = house.as(crew.owner.token);
    ended = await createEnded();
    await until(async () => (await positionsOf(house, ended.id)).length === ended.seq);
  });
  after(() => house[Symbol.asyncDispose]());

  async function createEnded(): Promise<Clone> {
    const clone = await createRunning(house, api, {
      botId: crew.bot.id,
      ownerId: crew.owner.id,
    });
    exit(house, clone, { exitCode: 0 });
    return reached(api, clone.id, ClonePhase.COMPLETED);
  }

  it('gives at each seq what the history has there, and at the end what there is', async () => {
    const entries = await pastOf(api, ended.id);
    for (const { seq, clone } of entries) {
      assert.deepEqual(await at(api, ended.id, { $case: 'seq', value: seq }), clone);
    }
    assert.equal(entries.at(0)?.clone?.phase, ClonePhase.ACCEPTED);
    assert.deepEqual(entries.at(-1)?.clone, await got(api, ended.id));
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      entries.map((_, index) => index + 1),
    );
  });

  it('gives at each time and position the last change up to there', async () => {
    const entries = await pastOf(api, ended.id);
    for (const { time = assert.fail(), seq } of entries) {
      const seen = await at(api, ended.id, { $case: 'time', value: time });
      const last = entries.findLast((each) => (each.time ?? assert.fail()) <= time)?.seq ?? 0;
      assert.ok(last >= seq);
      assert.equal(seen.seq, last);
    }
    const positions = await positionsOf(house, ended.id);
    for (const [index, position] of positions.entries()) {
      const seen = await at(api, ended.id, { $case: 'position', value: position });
      assert.equal(seen.seq, index + 1);
    }
    const between = { $case: 'position', value: (positions[1] ?? 0n) - 1n } as const;
    assert.equal((await at(api, ended.id, between)).seq, 1);
  });

  it('does not have what was before its creation, or is still to come', async () => {
    const positions = await positionsOf(house, ended.id);
    const before = new Date((ended.createTime?.getTime() ?? 0) - 1);
    const wrong: readonly Moment['moment'][] = [
      { $case: 'time', value: before },
      { $case: 'position', value: (positions[0] ?? 0n) - 1n },
      { $case: 'seq', value: ended.seq + 1 },
    ];
    for (const moment of wrong) {
      assert.equal(await reasonOf(at(api, ended.id, moment)), OUT);
      const diff = api.clones.diffClone({ id: ended.id, a: { moment }, b: undefined });
      assert.equal(await reasonOf(diff), OUT);
    }
    const late = at(api, ended.id, { $case: 'position', value: 2n ** 40n });
    assert.equal(await reasonOf(late), 'PEER_UNAVAILABLE');
    const soon = { $case: 'time', value: new Date('2100-01-01T00:00:00Z') } as const;
    assert.equal((await at(api, ended.id, soon)).seq, (await got(api, ended.id)).seq);
    const nothing = api.clones.getClone({ id: ended.id, asOf: { moment: undefined } });
    assert.equal(await reasonOf(nothing), 'REQUEST_INVALID');
  });

  it('is compared field by field', async () => {
    const first = { moment: { $case: 'seq', value: 1 } } as const;
    const told = await api.clones.diffClone({ id: ended.id, a: first, b: undefined });
    const phase = told.diffs.find(({ path }) => path === 'phase');
    assert.deepEqual([phase?.a, phase?.b], [`${ClonePhase.ACCEPTED}`, `${ClonePhase.COMPLETED}`]);
    assert.deepEqual([told.seqA, told.seqB], [1, (await got(api, ended.id)).seq]);
    assert.ok(told.diffs.some(({ path, a }) => path.startsWith('execution') && a === ''));

    const back = await api.clones.diffClone({
      id: ended.id,
      a: { moment: { $case: 'seq', value: told.seqB } },
      b: first,
    });
    assert.deepEqual(
      back.diffs.map(({ path, a, b }) => ({ path, a: b, b: a })).sort(byPath),
      [...told.diffs].sort(byPath),
    );
    const same = await api.clones.diffClone({ id: ended.id, a: first, b: first });
    assert.deepEqual(same.diffs, []);
    const head = { moment: { $case: 'seq', value: told.seqB } } as const;
    const now = await api.clones.diffClone({ id: ended.id, a: head, b: undefined });
    assert.deepEqual(now.diffs, []);
  });

  it('stays when it is deleted', async () => {
    const clone = await createEnded();
    await api.clones.deleteClone({ id: clone.id, etag: '' });
    const gone = await reached(api, clone.id, ClonePhase.DELETED);
    const first = { moment: { $case: 'seq', value: 1 } } as const;
    assert.equal((await at(api, clone.id, first.moment)).phase, ClonePhase.ACCEPTED);
    const { seqB } = await api.clones.diffClone({ id: clone.id, a: first, b: undefined });
    assert.equal(seqB, gone.seq);
  });

  it('goes with it to its next owner, and is not told to the former one', async () => {
    const clone = await createEnded();
    const next = await house.createCrew('next');
    const root = house.as((await house.teams.admin()).token);
    const owner = ownerOf(next.owner.id);
    await root.admin.reassignClone({ id: clone.id, etag: '', reason: 'sold', owner });

    const first = { moment: { $case: 'seq', value: 1 } } as const;
    const theirs = house.as(next.owner.token);
    assert.deepEqual((await at(theirs, clone.id, first.moment)).owner, clone.owner);
    for (const call of [
      () => at(api, clone.id, first.moment),
      () => api.clones.diffClone({ id: clone.id, a: first, b: first }),
      () => api.clones.explainClone({ id: clone.id }),
      () => pastOf(api, clone.id),
    ]) {
      assert.equal(await reasonOf(call()), 'CLONE_NOT_FOUND');
    }
  });

  it('is listed by kind, actor and time, over pages of one', async () => {
    const all = await pastOf(api, ended.id);
    const middle = all[2]?.time ?? assert.fail();
    const service = 'service:lifecycle';
    const filters: readonly [Partial<ListCloneHistoryRequest>, readonly CloneHistoryEntry[]][] = [
      [{}, all],
      [{ kinds: ['clone.created'] }, all.slice(0, 1)],
      [{ actor: service }, all.filter(({ actor }) => actor === service)],
      [{ startTime: middle }, all.filter(({ time }) => (time ?? middle) >= middle)],
      [{ endTime: middle }, all.filter(({ time }) => (time ?? middle) < middle)],
      [{ kinds: ['clone.nothing'] }, []],
      [{ startTime: middle, endTime: middle }, []],
    ];
    for (const [filter, expected] of filters) {
      assert.deepEqual(await pastOf(api, ended.id, filter, 1), expected);
    }
    const page = await api.clones.listCloneHistory(asked(ended.id, {}, 1));
    const other = { ...asked(ended.id, { actor: service }, 1), pageToken: page.nextPageToken };
    assert.equal(await reasonOf(api.clones.listCloneHistory(other)), 'REQUEST_INVALID');
  });
});

describe('who follows clones', () => {
  it('sees nothing of templates and overrides that change meanwhile', async () => {
    await using house = await openHouse();
    const crew = await house.createCrew('beside');
    const api = house.as(crew.owner.token);
    const owner = ownerOf(crew.owner.id);
    await disturb(api, crew.owner.id, 'before');
    const clone = await createClone(api, { botId: crew.bot.id, owner });
    const told = follow(api);
    const waited = reached(api, clone.id, ClonePhase.DELETED);
    await disturb(api, crew.owner.id, 'while');
    await reached(api, clone.id, ClonePhase.PROVISIONING);
    await disturb(api, crew.owner.id, 'later');
    await api.clones.deleteClone({ id: clone.id, etag: '' });

    const gone = await waited;
    const seqs = await told;
    assert.equal(seqs.at(-1), gone.seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, index) => (seqs[0] ?? 0) + index),
    );
    const entries = await pastOf(api, clone.id);
    assert.ok(entries.every(({ kind }) => kind.startsWith('clone.')));
  });
});

/** Watches all clones until one is deleted. Returns the seqs that were told. */
async function follow(api: Api): Promise<readonly number[]> {
  const seqs: number[] = [];
  for await (const { event } of api.clones.watchClones(WatchClonesRequest.fromPartial({}))) {
    if (event?.$case !== 'snapshot' && event?.$case !== 'change') continue;
    const clone = event.$case === 'change' ? event.value.clone : event.value;
    if (!clone) assert.fail('an event without its clone');
    seqs.push(clone.seq);
    if (clone.phase === ClonePhase.DELETED) break;
  }
  return seqs;
}

/** Has templates and overrides of an owner change. */
async function disturb(api: Api, ownerId: string, name: string): Promise<void> {
  const owner = ownerOf(ownerId);
  const kind = CloneKind.ENVIRONMENT;
  const asked = CreateTemplateRequest.fromPartial({ owner, kind, name, spec: PLACE });
  const { template } = await api.templates.createTemplate(asked);
  const { id = '' } = template ?? {};
  const change = UpdateTemplateRequest.fromPartial({ id, description: name });
  await api.templates.updateTemplate({ ...change, updateMask: ['description'] });
  const value = { $case: 'value', value: name } as const;
  const changes = [{ name: 'LEVEL', scope: OverrideScope.APP, change: value }];
  await api.overrides.updateOwnerOverrides({ owner, etag: '', changes });
}

async function at({ clones }: Api, id: string, moment: Moment['moment']): Promise<Clone> {
  const { clone } = await clones.getClone({ id, asOf: { moment } });
  return clone ?? assert.fail('no clone came back');
}

function asked(
  cloneId: string,
  filter: Partial<ListCloneHistoryRequest>,
  pageSize: number,
): ListCloneHistoryRequest {
  return { ...ListCloneHistoryRequest.fromPartial({ cloneId, pageSize }), ...filter };
}

/** All of a history. What has just happened has its place in it a moment later. */
async function pastOf(
  api: Api,
  cloneId: string,
  filter: Partial<ListCloneHistoryRequest> = {},
  pageSize = 100,
): Promise<readonly CloneHistoryEntry[]> {
  const entries: CloneHistoryEntry[] = [];
  let pageToken = '';
  do {
    const wish = { ...asked(cloneId, filter, pageSize), pageToken };
    const page = await api.clones.listCloneHistory(wish);
    assert.ok(page.entries.length <= pageSize);
    entries.push(...page.entries);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return entries;
}

/** The positions of a clone's changes in the history of all. */
async function positionsOf(house: House, cloneId: string): Promise<readonly bigint[]> {
  const { history } = house.as(await house.teams.serviceToken('teams'));
  const positions: bigint[] = [];
  for (let after = 0n; ; ) {
    const { entries } = await history.readHistory({ after, pageSize: 100 });
    const own = entries.filter(({ aggregateId }) => aggregateId === cloneId);
    positions.push(...own.map(({ position }) => position));
    const last = entries.at(-1);
    if (!last) return positions;
    after = last.position;
  }
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path.localeCompare(b.path);
}
