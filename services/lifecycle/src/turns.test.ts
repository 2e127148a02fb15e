// Goal: an update runs the new release, or else what ran before, and says which.
// Method: real lifecycle and teams on a real database; the executor and its runners are played.

import assert from 'node:assert/strict';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  type Stage,
  UpdateCloneRequest,
  UpdateTemplateRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Api, type Crew, type House, openHouse } from './testing/house.js';
import { exit, got, reached, reasonOf, until } from './testing/steps.js';
import {
  actionsOf,
  createOf,
  doingsOf,
  executionsOf,
  pastOf,
  probed,
  ran,
  stage,
  stagesOf,
  up,
} from './testing/stories.js';

const PROBE = {
  check: { $case: 'command' as const, value: { command: ['true'] } },
  period: undefined,
  timeout: undefined,
  failures: 0,
};
const ONCE = { maxExecutions: 1, on: [], backoff: undefined, maxBackoff: undefined };
const MAIN = stage('main', { probe: PROBE, retry: ONCE });
const MIGRATE = stage('migrate', { oncePerRelease: true });

describe('an update', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let count = 0;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('turns');
    api = house.as(crew.owner.token);
  });
  after(() => house[Symbol.asyncDispose]());

  const create = (stages: readonly Partial<Stage>[], startWithinS?: bigint): Promise<string> => {
    count += 1;
    const startWithin =
      startWithinS === undefined ? undefined : { seconds: startWithinS, nanos: 0 };
    const spec = {
      stages: [...stages],
      limits: { grace: { seconds: 0n, nanos: 0 } },
      policy: { startWithin },
    };
    const kind = CloneKind.ENVIRONMENT;
    return createOf(api, { ownerId: crew.owner.id, name: `t${count}`, kind, spec });
  };

  async function update(id: string, more: Partial<UpdateCloneRequest>): Promise<Clone> {
    const asked = { ...UpdateCloneRequest.decode(new Uint8Array()), id, ...more };
    const { clone } = await api.clones.updateClone(asked);
    return clone ?? assert.fail('no clone came back');
  }

  const conditionsOf = ({ conditions }: Clone): readonly string[] =>
    conditions.map(({ type }) => type).sort();

  it('takes the place of what ran once its probe finds it well', async () => {
    const id = await create([MAIN]);
    const first = await up(house, api, id, 'main');

    const asked = await update(id, { tag: 'v2' });
    assert.deepEqual([asked.release?.number, asked.candidate?.number], [1, 2]);
    const second = await ran(house, api, id, 'main', 2);
    await probed(house, second, false);
    const waiting = await got(api, id);
    assert.deepEqual([waiting.phase, waiting.release?.tag], [ClonePhase.UPDATING, '']);
    await probed(house, second, true);

    const clone = await reached(api, id, ClonePhase.RUNNING);
    const { release, candidate, execution } = clone;
    assert.deepEqual([release?.number, release?.tag, candidate], [2, 'v2', undefined]);
    assert.deepEqual(conditionsOf(clone), ['AVAILABLE']);
    assert.deepEqual([execution?.epoch, execution?.release], [2, 2]);
    const [old] = await executionsOf(api, id);
    assert.equal(old?.outcome?.reason, 'REPLACED');
    assert.deepEqual(await pastOf(api, id), ['1 main STOPPED', '2 main OPEN']);
    assert.deepEqual(await doingsOf(api, id), [
      'clones.create SUCCEEDED',
      'clones.update SUCCEEDED',
    ]);
    const late = house.asRunner(first).then((runner) =>
      runner.reports.completeCloneExecution({
        executionId: first.execution?.id ?? '',
        epoch: 1,
        report: undefined,
        outputTail: Buffer.alloc(0),
        resultsProblem: '',
      }),
    );
    assert.equal(await reasonOf(late), 'EPOCH_STALE');
  });

  it('that fails brings back the last good release, and says so until another one works', async () => {
    const id = await create([MAIN]);
    await up(house, api, id, 'main');
    await update(id, { tag: 'bad' });
    exit(house, await ran(house, api, id, 'main', 2), { exitCode: 9 });

    const back = await up(house, api, id, 'main', 1);

    assert.deepEqual([back.release?.number, back.release?.tag, back.candidate], [1, '', undefined]);
    assert.deepEqual(conditionsOf(back), ['AVAILABLE', 'UPDATE_FAILED']);
    const told = back.conditions.find(({ type }) => type === 'UPDATE_FAILED');
    assert.match(told?.message ?? '', /release 2 did not start: main: EXIT_CODE/);
    assert.deepEqual(await pastOf(api, id), ['1 main STOPPED', '2 main FAILED', '3 main OPEN']);
    const { message } = (await actionsOf(api, id)).at(-1) ?? assert.fail('no action');
    assert.match(message, /release 2 did not start/);
    assert.deepEqual(await doingsOf(api, id), ['clones.create SUCCEEDED', 'clones.update FAILED']);

    await update(id, { tag: 'good' });
    const mended = await up(house, api, id, 'main', 3);
    assert.deepEqual([mended.release?.tag, conditionsOf(mended)], ['good', ['AVAILABLE']]);
  });

  it('that does not come up in time brings back the last good release', async () => {
    const plain = stage('main', { retry: ONCE });
    const id = await create([plain], 3n);
    house.executor.isSwift = true;
    try {
      const { templateId } = await reached(api, id, ClonePhase.RUNNING);
      const { template } = await api.templates.getTemplate({ id: templateId, revision: 0 });
      const spec = template?.spec ?? assert.fail('a template without a spec');
      const [main] = spec.stages;
      const probing = { ...spec, stages: main ? [{ ...main, probe: PROBE }] : [] };
      const change = { ...UpdateTemplateRequest.decode(new Uint8Array()), id: templateId };
      await api.templates.updateTemplate({ ...change, spec: probing });

      await update(id, { templateRevision: 2 });

      await until(async () => (await doingsOf(api, id)).includes('clones.update FAILED'));
      const back = await reached(api, id, ClonePhase.RUNNING);
      assert.deepEqual([back.release?.number, back.release?.templateRevision], [1, 1]);
      const told = back.conditions.find(({ type }) => type === 'UPDATE_FAILED');
      assert.match(told?.message ?? '', /release 2 did not start: it was UPDATING for too long/);
      assert.deepEqual(await pastOf(api, id), ['1 main STOPPED', '2 main STOPPED', '3 main OPEN']);
    } finally {
      house.executor.isSwift = false;
    }
  });

  it('whose migration fails never runs what it was for', async () => {
    const id = await create([MIGRATE, MAIN]);
    exit(house, await ran(house, api, id, 'migrate', 1), { exitCode: 0 });
    await up(house, api, id, 'main', 1);
    await update(id, { tag: 'v2' });
    exit(house, await ran(house, api, id, 'migrate', 2), { exitCode: 1 });

    const back = await up(house, api, id, 'main', 1);

    assert.deepEqual(stagesOf(back), ['migrate SKIPPED', 'main ACTIVE']);
    const ofNew = (await executionsOf(api, id)).filter(({ release }) => release === 2);
    assert.deepEqual(
      ofNew.map((execution) => execution.stage),
      ['migrate'],
    );
    assert.deepEqual(await pastOf(api, id), [
      '1 migrate SUCCEEDED',
      '2 main STOPPED',
      '3 migrate FAILED',
      '4 main OPEN',
    ]);
  });

  it('migrates once for each release', async () => {
    const id = await create([MIGRATE, MAIN]);
    exit(house, await ran(house, api, id, 'migrate', 1), { exitCode: 0 });
    await up(house, api, id, 'main', 1);
    await update(id, { tag: 'v2' });
    exit(house, await ran(house, api, id, 'migrate', 2), { exitCode: 0 });
    await up(house, api, id, 'main', 2);
    await api.clones.suspendClone({ id, etag: '' });
    await reached(api, id, ClonePhase.SUSPENDED);
    await api.clones.resumeClone({ id, etag: '' });
    await up(house, api, id, 'main', 2);

    const stages = (await executionsOf(api, id)).map(({ stage: name, release }) => {
      return `${name} ${release}`;
    });
    assert.deepEqual(stages, ['migrate 1', 'main 1', 'migrate 2', 'main 2', 'main 2']);
  });
});
