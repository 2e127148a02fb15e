// Goal: what is asked twice happens once, and of two that want what is there for one, one gets it.
// Method: two replicas of lifecycle on one real database, asked at once and one after the other.

import assert from 'node:assert/strict';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  ExtendCloneRequest,
  ListClonesRequest,
  RestartCloneRequest,
  SetQuotaRequest,
  StopCloneRequest,
  UpdateCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { exit, got, reached, reasonOf, used } from './testing/steps.js';
import { createOf, createTemplate, doingsOf, ran, stage, up } from './testing/stories.js';

const ONCE = { maxExecutions: 1, on: [], backoff: undefined, maxBackoff: undefined };
const MINUTE = { seconds: 60n, nanos: 0 };
const SPEC = {
  stages: [stage('main', { retry: ONCE })],
  limits: { grace: { seconds: 0n, nanos: 0 } },
  policy: { expireAfter: MINUTE, extendUpTo: { seconds: 3_600n, nanos: 0 } },
};

describe('what comes twice', () => {
  let house: House;
  let crew: Crew;
  let apis: readonly [Api, Api];
  let root: Api;
  let templates = 0;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('repeats');
    const other = await house.startReplica();
    apis = [house.as(crew.owner.token), other.as(crew.owner.token)];
    root = house.as((await house.teams.admin()).token);
  });
  after(() => house[Symbol.asyncDispose]());

  const wish = (kind: CloneKind) => {
    templates += 1;
    return { ownerId: crew.owner.id, name: `t${templates}`, kind, spec: SPEC };
  };

  async function running(): Promise<Clone> {
    const id = await createOf(apis[0], wish(CloneKind.ENVIRONMENT));
    return up(house, apis[0], id, 'main');
  }

  async function listed({ clones }: Api, filter: string): Promise<readonly Clone[]> {
    const owner = ownerOf(crew.owner.id);
    return (await clones.listClones(ListClonesRequest.fromPartial({ owner, filter }))).clones;
  }

  /** Asks both replicas at once, then one once more. The same has to come of all. */
  async function threeTimes(ask: (api: Api) => Promise<unknown>): Promise<void> {
    await Promise.all(apis.map(ask));
    await ask(apis[0]);
  }

  it('updates once for a request id, also while it is at it', async () => {
    const { id, etag } = await running();
    const asked = UpdateCloneRequest.fromPartial({ id, tag: 'v2', requestId: 'update', etag });
    await threeTimes(({ clones }) => clones.updateClone(asked));
    const other = UpdateCloneRequest.fromPartial({ id, tag: 'v3', requestId: 'update' });
    assert.equal(await reasonOf(apis[1].clones.updateClone(other)), 'REQUEST_ID_REUSED');
    const meanwhile = UpdateCloneRequest.fromPartial({ id, tag: 'v3' });
    assert.equal(await reasonOf(apis[1].clones.updateClone(meanwhile)), 'CLONE_PHASE_CONFLICT');

    const { release, epoch } = await up(house, apis[0], id, 'main', 2);
    await apis[1].clones.updateClone(asked);
    assert.deepEqual([release?.number, release?.tag, epoch], [2, 'v2', 2]);
    assert.deepEqual(await doingsOf(apis[0], id), [
      'clones.create SUCCEEDED',
      'clones.update SUCCEEDED',
    ]);
  });

  it('extends once for a request id', async () => {
    const clone = await running();
    const { id } = clone;
    const by = { id, by: MINUTE, reason: 'a demo' };
    const asked = ExtendCloneRequest.fromPartial({ ...by, requestId: 'extend' });
    await threeTimes(({ clones }) => clones.extendClone(asked));
    const { expireTime } = await got(apis[0], id);
    assert.equal((expireTime?.getTime() ?? 0) - (clone.expireTime?.getTime() ?? 0), 60_000);

    const again = ExtendCloneRequest.fromPartial({ ...by, requestId: 'extend-again' });
    await apis[0].clones.extendClone(again);
    const longer = await got(apis[0], id);
    assert.equal((longer.expireTime?.getTime() ?? 0) - (expireTime?.getTime() ?? 0), 60_000);
  });

  it('restarts once for a request id, also after it has ended again', async () => {
    const clone = await running();
    const { id } = clone;
    exit(house, clone, { exitCode: 1 });
    await reached(apis[0], id, ClonePhase.FAILED);
    const asked = RestartCloneRequest.fromPartial({ id, resume: true, requestId: 'restart' });
    await threeTimes(({ clones }) => clones.restartClone(asked));

    const second = await up(house, apis[0], id, 'main');
    exit(house, second, { exitCode: 1 });
    await reached(apis[0], id, ClonePhase.FAILED);
    await apis[1].clones.restartClone(asked);
    const { epoch, phase } = await got(apis[0], id);
    assert.deepEqual([epoch, phase], [2, ClonePhase.FAILED]);
    assert.deepEqual(await doingsOf(apis[0], id), [
      'clones.create SUCCEEDED',
      'clones.restart SUCCEEDED',
    ]);
  });

  it('has its name once among the clones of an owner, whichever replica is asked', async () => {
    const owner = ownerOf(crew.owner.id);
    const asked = { botId: crew.bot.id, owner, name: 'twin' };
    const answers = await Promise.all(apis.map((api) => reasonOf(createClone(api, asked))));
    assert.deepEqual(answers.sort(), ['NAME_TAKEN', 'ok']);
  });

  it('is for one clone at a time that is not at rest, by what somebody else calls it', async () => {
    const { id: templateId } = await createTemplate(apis[0], wish(CloneKind.WORKFLOW));
    const owner = ownerOf(crew.owner.id);
    const asked = { botId: '', templateId, owner, externalRef: 'agreement "7" ü' };
    const before = await used(apis[0], crew.owner.id);
    const answers = await Promise.all(
      [...apis, ...apis].map((api) => reasonOf(createClone(api, asked))),
    );
    assert.deepEqual(answers.sort(), [...Array(3).fill('EXTERNAL_REF_TAKEN'), 'ok']);
    assert.equal(await used(apis[0], crew.owner.id), before);
    const rehearsal = createClone(apis[0], { ...asked, validateOnly: true });
    assert.equal(await reasonOf(rehearsal), 'EXTERNAL_REF_TAKEN');
    const theirs = house.as(crew.member.token);
    const { id: theirTemplate } = await createTemplate(theirs, {
      ...{ ...wish(CloneKind.WORKFLOW), ownerId: crew.member.id },
    });
    const foreign = { ...asked, owner: ownerOf(crew.member.id), templateId: theirTemplate };
    const other = await createClone(theirs, foreign);

    const filter = 'external_ref = "agreement \\"7\\" ü"';
    const found = await listed(apis[0], filter);
    assert.equal(found.length, 1);
    const [{ id } = { id: '' }] = found;
    await ran(house, apis[0], id, 'main');
    const external = { owner, externalRef: asked.externalRef };
    const stop = StopCloneRequest.fromPartial({ external });
    assert.equal(await reasonOf(theirs.clones.stopClone(stop)), 'CLONE_NOT_FOUND');
    assert.equal((await apis[0].clones.stopClone(stop)).clone?.id, id);
    await reached(apis[0], id, ClonePhase.STOPPED);
    assert.equal(await reasonOf(apis[0].clones.stopClone(stop)), 'CLONE_NOT_FOUND');
    assert.equal((await got(theirs, other.id)).externalRef, asked.externalRef);

    const next = await createClone(apis[1], asked);
    const restart = RestartCloneRequest.fromPartial({ id, resume: true });
    assert.equal(await reasonOf(apis[0].clones.restartClone(restart)), 'EXTERNAL_REF_TAKEN');
    await apis[0].clones.deleteClone({ id: next.id, etag: '' });
    await reached(apis[0], next.id, ClonePhase.DELETED);
    await apis[0].clones.restartClone(restart);
    assert.equal(await reasonOf(createClone(apis[1], asked)), 'EXTERNAL_REF_TAKEN');
  });

  it('gets the last of a quota once, whichever replica is asked, and the sums agree', async () => {
    const { id: templateId } = await createTemplate(apis[0], wish(CloneKind.INSTANCE));
    const owner = ownerOf(crew.owner.id);
    const set = { owner, kind: CloneKind.INSTANCE, reason: 'as the test has it' };
    for (const resource of ['clones', 'cpu_millis']) {
      await root.admin.setQuota(SetQuotaRequest.fromPartial({ ...set, resource }));
      const first = await createClone(apis[0], { botId: '', templateId, owner });
      const { quotas } = await apis[0].clones.getQuota({ owner });
      const quota = quotas.find((each) => each.kind === set.kind && each.resource === resource);
      const limit = 2n * (quota?.used ?? 0n);
      assert.ok(limit > 0n);
      await root.admin.setQuota(SetQuotaRequest.fromPartial({ ...set, resource, limit }));

      const answers = await Promise.all(
        apis.map((api) => reasonOf(createClone(api, { botId: '', templateId, owner }))),
      );

      assert.deepEqual(answers.sort(), ['QUOTA_EXCEEDED', 'ok'], resource);
      assert.deepEqual((await root.admin.checkQuotas({})).mismatches, []);
      const clones = await listed(apis[0], 'kind = INSTANCE');
      assert.ok(clones.some(({ id }) => id === first.id));
      for (const { id } of clones) await apis[1].clones.deleteClone({ id, etag: '' });
      for (const { id } of clones) await reached(apis[0], id, ClonePhase.DELETED);
    }
  });
});
