// Goal: what is put down gives back what it does not need, keeps the rest, and comes back as it was.
// Method: real lifecycle and teams on a real database; the executor and its runners are played.

import assert from 'node:assert/strict';
import { unavailable } from '@ramet/errors';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  UpdateCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { DEADLINES } from './domain/phases.js';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { exit, got, reached, reasonOf, until } from './testing/steps.js';
import {
  actionsOf,
  createTemplate,
  doingsOf,
  pastOf,
  ran,
  stage,
  stagesOf,
  up,
} from './testing/stories.js';

const ONCE = { maxExecutions: 1, on: [], backoff: undefined, maxBackoff: undefined };
const SPEC = {
  stages: [stage('migrate', { oncePerRelease: true }), stage('main', { retry: ONCE })],
  limits: { grace: { seconds: 0n, nanos: 0 } },
};
const KIND = CloneKind.ENVIRONMENT;

/** A house with somebody in it who makes clones of one template. */
async function settle(name: string, options: Parameters<typeof openHouse>[0] = {}) {
  const house = await openHouse(options);
  const crew = await house.createCrew(name);
  const api = house.as(crew.owner.token);
  const root = house.as((await house.teams.admin()).token);
  const wish = { ownerId: crew.owner.id, name: 'web', kind: KIND, spec: SPEC };
  const { id: templateId } = await createTemplate(api, wish);
  const owner = ownerOf(crew.owner.id);
  const create = async (cloneName = ''): Promise<string> => {
    const { id } = await createClone(api, { botId: '', owner, templateId, name: cloneName });
    exit(house, await ran(house, api, id, 'migrate'), { exitCode: 0 });
    await up(house, api, id, 'main');
    return id;
  };
  return { house, crew, api, root, create };
}

function isFresh(house: House, { execution }: Clone): boolean | undefined {
  return house.executor.requests.get(execution?.id ?? '')?.freshStorage;
}

describe('a clone that is put down', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let root: Api;
  let create: (name?: string) => Promise<string>;

  before(async () => {
    ({ house, crew, api, root, create } = await settle('pauses'));
  });
  after(() => house[Symbol.asyncDispose]());

  async function usedOf(): Promise<Readonly<Record<string, number>>> {
    const { quotas } = await api.clones.getQuota({ owner: ownerOf(crew.owner.id) });
    const own = quotas.filter(({ kind }) => kind === KIND);
    return Object.fromEntries(own.map(({ resource, used }) => [resource, Number(used)]));
  }

  const limitCpu = (limit: bigint | undefined) =>
    root.admin.setQuota({
      owner: ownerOf(crew.owner.id),
      kind: KIND,
      resource: 'cpu_millis',
      limit,
      reason: 'test',
    });

  it('gives processor time and memory back, and comes back only where there is some', async () => {
    const before = await usedOf();
    const id = await create();
    const running = await usedOf();
    await api.clones.suspendClone({ id, etag: '' });
    const suspended = await reached(api, id, ClonePhase.SUSPENDED);

    assert.deepEqual(await usedOf(), {
      ...running,
      cpu_millis: before.cpu_millis ?? 0,
      memory_bytes: before.memory_bytes ?? 0,
    });
    assert.deepEqual(stagesOf(suspended), ['migrate SUCCEEDED', 'main WAITING']);
    assert.ok(!house.executor.calls.includes(`DeleteStorage ${id}`));

    await limitCpu(BigInt(before.cpu_millis ?? 0));
    const refused = api.clones.resumeClone({ id, etag: '' });
    assert.equal(await reasonOf(refused), 'QUOTA_EXCEEDED');
    assert.deepEqual(await got(api, id), suspended);

    await limitCpu(undefined);
    await api.clones.resumeClone({ id, etag: '' });
    assert.deepEqual(await usedOf(), running);
    const resumed = await up(house, api, id, 'main');
    assert.deepEqual([resumed.epoch, isFresh(house, resumed)], [suspended.epoch + 1, false]);
    assert.deepEqual(await pastOf(api, id), [
      '1 migrate SUCCEEDED',
      '2 main STOPPED',
      '3 main OPEN',
    ]);
    assert.deepEqual(await doingsOf(api, id), [
      'clones.create SUCCEEDED',
      'clones.suspend SUCCEEDED',
      'clones.resume SUCCEEDED',
    ]);
  });

  it('keeps its storage and its name in the archive, until it is restored', async () => {
    const id = await create('kept');
    const running = await usedOf();
    await api.clones.archiveClone({ id, etag: '' });
    const archived = await reached(api, id, ClonePhase.ARCHIVED);

    const { cpu_millis: cpu = 0, ...rest } = await usedOf();
    assert.ok(cpu < (running.cpu_millis ?? 0));
    assert.deepEqual([rest.clones, rest.storage_bytes], [running.clones, running.storage_bytes]);
    const { calls } = house.executor;
    assert.ok(calls.includes(`DeleteExecution ${archived.execution?.id}`));
    assert.ok(!calls.includes(`DeleteStorage ${id}`));
    assert.ok(archived.deleteDueTime);
    const { templateId } = archived;
    const owner = ownerOf(crew.owner.id);
    const again = createClone(api, { botId: '', owner, templateId, name: 'kept' });
    assert.equal(await reasonOf(again), 'NAME_TAKEN');

    await api.clones.restoreClone({ id, etag: '' });
    const restored = await up(house, api, id, 'main');
    assert.deepEqual([restored.name, restored.deleteDueTime], ['kept', undefined]);
    assert.equal(isFresh(house, restored), false);
    assert.deepEqual(stagesOf(restored), ['migrate SKIPPED', 'main ACTIVE']);
    assert.deepEqual(await usedOf(), running);
  });

  it('runs the last settings that it was given when it comes back, and is put down but once', async () => {
    const id = await create();
    for (const _ of [1, 2]) await api.clones.suspendClone({ id, etag: '' });
    const { seq } = await reached(api, id, ClonePhase.SUSPENDED);
    await api.clones.suspendClone({ id, etag: '' });
    assert.equal((await got(api, id)).seq, seq);
    for (const _ of [1, 2]) await api.clones.archiveClone({ id, etag: '' });
    await reached(api, id, ClonePhase.ARCHIVED);
    await api.clones.updateClone(UpdateCloneRequest.fromPartial({ id, tag: 'v2' }));
    await api.clones.updateClone(UpdateCloneRequest.fromPartial({ id, tag: 'v3' }));

    await api.clones.restoreClone({ id, etag: '' });
    exit(house, await ran(house, api, id, 'migrate', 3), { exitCode: 0 });
    const restored = await up(house, api, id, 'main', 3);
    assert.deepEqual([restored.release?.tag, restored.candidate], ['v3', undefined]);
    assert.deepEqual(await doingsOf(api, id), [
      ...['clones.create SUCCEEDED', 'clones.suspend SUCCEEDED', 'clones.archive SUCCEEDED'],
      ...['clones.update SUCCEEDED', 'clones.update SUCCEEDED', 'clones.restore SUCCEEDED'],
    ]);

    exit(house, restored, { exitCode: 1 });
    await reached(api, id, ClonePhase.FAILED);
    for (const call of [api.clones.suspendClone, api.clones.resumeClone, api.clones.restoreClone]) {
      assert.equal(await reasonOf(call({ id, etag: '' })), 'CLONE_PHASE_CONFLICT');
    }
  });

  it('is archived and deleted where there is no processor time left, and takes none for it', async () => {
    const id = await create();
    await api.clones.suspendClone({ id, etag: '' });
    await reached(api, id, ClonePhase.SUSPENDED);
    const { cpu_millis: used = 0 } = await usedOf();
    await limitCpu(BigInt(used));

    await api.clones.archiveClone({ id, etag: '' });
    await reached(api, id, ClonePhase.ARCHIVED);
    await api.clones.deleteClone({ id, etag: '' });
    await reached(api, id, ClonePhase.DELETED);
    assert.equal((await usedOf()).cpu_millis, used);
    await limitCpu(undefined);
  });

  it('has ended, and runs again with what it had or from nothing, as it is asked', async () => {
    const id = await create();
    exit(house, await got(api, id), { exitCode: 1 });
    await reached(api, id, ClonePhase.FAILED);

    await api.clones.restartClone({ id, etag: '', requestId: '', resume: true });
    const kept = await up(house, api, id, 'main');
    assert.deepEqual([kept.epoch, isFresh(house, kept)], [3, false]);
    exit(house, kept, { exitCode: 1 });
    await reached(api, id, ClonePhase.FAILED);

    await api.clones.restartClone({ id, etag: '', requestId: '', resume: false });
    const migrating = await ran(house, api, id, 'migrate');
    assert.deepEqual([migrating.epoch, isFresh(house, migrating)], [4, true]);
    exit(house, migrating, { exitCode: 0 });
    const fresh = await up(house, api, id, 'main');
    assert.deepEqual([fresh.epoch, isFresh(house, fresh)], [5, false]);
    assert.ok(!house.executor.calls.includes(`DeleteStorage ${id}`));
  });
});

describe('a clone that cannot be archived', () => {
  let house: House;
  let api: Api;
  let create: () => Promise<string>;

  before(async () => {
    const deadlines = { ...DEADLINES, ARCHIVING: 500 };
    ({ house, api, create } = await settle('stuck', { deadlines }));
  });
  after(() => house[Symbol.asyncDispose]());
  afterEach(() => house.executor.heal());

  const asked = { etag: '', external: undefined };
  const rows: readonly (readonly [keyof typeof ClonePhase, (id: string) => Promise<unknown>])[] = [
    ['RUNNING', async () => undefined],
    ['SUSPENDED', (id) => api.clones.suspendClone({ id, etag: '' })],
    ['STOPPED', (id) => api.clones.stopClone({ id, ...asked })],
  ];

  for (const [name, bring] of rows) {
    it(`is ${name} as before, and says so`, async () => {
      const id = await create();
      await bring(id);
      await reached(api, id, ClonePhase[name]);
      house.executor.ail('DeleteExecution', unavailable('host'));

      await api.clones.archiveClone({ id, etag: '' });

      await until(async () => (await doingsOf(api, id)).includes('clones.archive FAILED'));
      const clone = await got(api, id);
      assert.equal(clone.phase, ClonePhase[name]);
      const told = clone.conditions.find(({ type }) => type === 'NOT_PUT_DOWN');
      assert.match(told?.message ?? '', /ARCHIVING for too long: .*host is not available/);
      const { message } = (await actionsOf(api, id)).at(-1) ?? assert.fail('no action');
      assert.match(message, /host is not available/);
    });
  }
});
