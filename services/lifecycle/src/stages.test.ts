// Goal: a run takes its stages in order, and whatever becomes of one decides what becomes of the rest.
// Method: real lifecycle, teams and keys on a real database; the executor is played on a real socket.

import assert from 'node:assert/strict';
import { ExitKind } from '@ramet/proto-gen/executor.v1';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  FailureCategory,
  OutcomeKind,
  type Stage,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Api, type Crew, type House, openHouse } from './testing/house.js';
import { exit, got, reached, reasonOf, until } from './testing/steps.js';
import { createOf, executionsOf, made, pastOf, ran, stage, stagesOf } from './testing/stories.js';

const SOON = { seconds: 0n, nanos: 1_000_000 };
const ALWAYS = { always: true };
const NO_LIMITS = {
  ...{ runTime: undefined, grace: undefined },
  ...{ memoryBytes: 0n, cpuMillis: 0n, storageBytes: 0n },
};

describe('the stages of a run', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let count = 0;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('stages');
    api = house.as(crew.owner.token);
  });
  after(() => house[Symbol.asyncDispose]());

  const create = (
    stages: readonly Partial<Stage>[],
    kind: CloneKind = CloneKind.WORKFLOW,
  ): Promise<string> => {
    count += 1;
    const spec = { stages: [...stages] };
    return createOf(api, { ownerId: crew.owner.id, name: `t${count}`, kind, spec });
  };

  /** A workload of a stage comes, runs and ends. */
  async function pass(id: string, name: string, exitCode = 0): Promise<Clone> {
    const clone = await ran(house, api, id, name);
    exit(house, clone, { exitCode });
    return clone;
  }

  it('run one after the other, each as an execution of its own', async () => {
    const id = await create([stage('fetch'), stage('work'), stage('tidy', ALWAYS)]);
    const passed = [await pass(id, 'fetch'), await pass(id, 'work'), await pass(id, 'tidy')];

    const clone = await reached(api, id, ClonePhase.COMPLETED);

    assert.deepEqual(await pastOf(api, id), [
      '1 fetch SUCCEEDED',
      '2 work SUCCEEDED',
      '3 tidy SUCCEEDED',
    ]);
    const ids = passed.map(({ execution }) => execution?.id);
    assert.equal(new Set(ids).size, 3);
    assert.deepEqual(
      clone.stages.map(({ executionId, epoch, executions, outcome }) => {
        return { executionId, epoch, executions, kind: outcome?.kind };
      }),
      ids.map((executionId, index) => {
        return { executionId, epoch: index + 1, executions: 1, kind: OutcomeKind.SUCCEEDED };
      }),
    );
    assert.deepEqual([clone.epoch, clone.execution?.stage, clone.reason], [3, 'tidy', '']);
  });

  it('are twenty at most', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `s${n}`);
    const id = await create(names.map((name) => stage(name)));
    for (const name of names) await pass(id, name);

    const { epoch } = await reached(api, id, ClonePhase.COMPLETED);

    assert.equal(epoch, 20);
    const past = names.map((name, n) => `${n + 1} ${name} SUCCEEDED`);
    assert.deepEqual(await pastOf(api, id), past);
    for (const wrong of [[], [...names, 'more']]) {
      const refused = create(wrong.map((name) => stage(name)));
      assert.equal(await reasonOf(refused), 'REQUEST_INVALID');
    }
  });

  it('say where the run is while it is', async () => {
    const id = await create([stage('one'), stage('two'), stage('three')]);
    await pass(id, 'one');
    const clone = await made(house, api, id, 'two');

    assert.deepEqual(stagesOf(clone), ['one SUCCEEDED', 'two ACTIVE', 'three WAITING']);
    assert.deepEqual(await pastOf(api, id), ['1 one SUCCEEDED', '2 two OPEN']);
    await api.clones.deleteClone({ id, etag: '' });
    await reached(api, id, ClonePhase.DELETED);
  });

  it('are skipped after one that fails, but for those that always run', async () => {
    const id = await create([stage('one'), stage('two'), stage('three'), stage('tidy', ALWAYS)]);
    await pass(id, 'one');
    await pass(id, 'two', 7);
    await pass(id, 'tidy');

    const clone = await reached(api, id, ClonePhase.FAILED);

    assert.deepEqual(stagesOf(clone), [
      'one SUCCEEDED',
      'two FAILED',
      'three SKIPPED',
      'tidy SUCCEEDED',
    ]);
    assert.deepEqual([clone.reason, clone.stages[1]?.outcome?.exitCode], ['EXIT_CODE', 7]);
    assert.deepEqual(await pastOf(api, id), [
      '1 one SUCCEEDED',
      '2 two FAILED',
      '3 tidy SUCCEEDED',
    ]);
  });

  it('have as long as each of them may, and time out alone', async () => {
    const runTime = { seconds: 5n, nanos: 0 };
    const id = await create([
      stage('work', { limits: { ...NO_LIMITS, runTime } }),
      stage('after'),
      stage('tidy', ALWAYS),
    ]);
    const work = await ran(house, api, id, 'work');
    exit(house, work, { kind: ExitKind.TIMED_OUT });
    const tidy = await pass(id, 'tidy');

    const { reason } = await reached(api, id, ClonePhase.FAILED);

    assert.equal(reason, 'TIMED_OUT');
    assert.deepEqual(await pastOf(api, id), ['1 work TIMED_OUT', '2 tidy SUCCEEDED']);
    const given = [work, tidy].map(({ execution }) => {
      return house.executor.requests.get(execution?.id ?? '')?.limits?.runTime?.seconds;
    });
    assert.deepEqual(given, [5n, undefined]);
  });

  it('fail the run that only fails to tidy up', async () => {
    const id = await create([stage('work'), stage('tidy', ALWAYS)]);
    await pass(id, 'work');
    await pass(id, 'tidy', 2);

    const { reason, stages } = await reached(api, id, ClonePhase.FAILED);

    assert.deepEqual([reason, stages[1]?.outcome?.exitCode], ['EXIT_CODE', 2]);
  });

  it('are tried again after a failure of a category that their policy names, up to its bound', async () => {
    const on = [FailureCategory.OUT_OF_MEMORY, FailureCategory.LOST];
    const retry = { maxExecutions: 3, on, backoff: SOON, maxBackoff: undefined };
    const id = await create([stage('work', { retry }), stage('after')]);
    for (const kind of [ExitKind.OUT_OF_MEMORY, ExitKind.LOST, ExitKind.OUT_OF_MEMORY]) {
      exit(house, await ran(house, api, id, 'work'), { kind });
    }

    const clone = await reached(api, id, ClonePhase.FAILED);

    assert.deepEqual(stagesOf(clone), ['work FAILED', 'after SKIPPED']);
    assert.deepEqual([clone.reason, clone.stages[0]?.executions], ['OUT_OF_MEMORY', 3]);
    const executions = await executionsOf(api, id);
    assert.deepEqual(
      executions.map(({ epoch, outcome, notBeforeTime }) => {
        return [epoch, outcome?.reason, notBeforeTime !== undefined];
      }),
      [
        [1, 'OUT_OF_MEMORY', false],
        [2, 'LOST', true],
        [3, 'OUT_OF_MEMORY', true],
      ],
    );
    // The pause doubles, and nothing runs before it is over.
    const pauses = executions.map(({ createTime, notBeforeTime }) => {
      return (notBeforeTime?.getTime() ?? 0) - (createTime?.getTime() ?? 0);
    });
    assert.deepEqual(pauses.slice(1), [1, 2]);
  });

  it('go on after a try that went well', async () => {
    const retry = { maxExecutions: 2, on: [], backoff: SOON, maxBackoff: undefined };
    const id = await create([stage('work', { retry }), stage('after')]);
    await pass(id, 'work', 1);
    await pass(id, 'work');
    await pass(id, 'after');

    const clone = await reached(api, id, ClonePhase.COMPLETED);

    assert.deepEqual(stagesOf(clone), ['work SUCCEEDED', 'after SUCCEEDED']);
    assert.deepEqual(await pastOf(api, id), [
      '1 work FAILED',
      '2 work SUCCEEDED',
      '3 after SUCCEEDED',
    ]);
  });

  it('are not tried again after a failure of another category', async () => {
    const on = [FailureCategory.LOST];
    const retry = { maxExecutions: 5, on, backoff: SOON, maxBackoff: undefined };
    const id = await create([stage('work', { retry })]);
    await pass(id, 'work', 1);

    const { reason, epoch } = await reached(api, id, ClonePhase.FAILED);

    assert.deepEqual([reason, epoch], ['EXIT_CODE', 1]);
  });

  it('that always run do so after a stop in the middle', async () => {
    const id = await create([stage('one'), stage('two'), stage('tidy', ALWAYS)]);
    await ran(house, api, id, 'one');
    await reached(api, id, ClonePhase.RUNNING);

    await api.clones.stopClone({ id, etag: '', external: undefined });
    await pass(id, 'tidy');

    const clone = await reached(api, id, ClonePhase.STOPPED);
    assert.deepEqual(stagesOf(clone), ['one FAILED', 'two SKIPPED', 'tidy SUCCEEDED']);
    assert.equal(clone.reason, 'STOP_REQUESTED');
    assert.deepEqual(await pastOf(api, id), ['1 one STOPPED', '2 tidy SUCCEEDED']);
  });

  it('that always run are left to their end when they are all that is left to stop', async () => {
    const id = await create([stage('one'), stage('tidy', ALWAYS)]);
    await pass(id, 'one', 1);
    const tidying = await ran(house, api, id, 'tidy');
    await reached(api, id, ClonePhase.RUNNING);

    await api.clones.stopClone({ id, etag: '', external: undefined });
    exit(house, tidying, { exitCode: 0 });

    const clone = await reached(api, id, ClonePhase.FAILED, ClonePhase.STOPPED);
    assert.deepEqual(stagesOf(clone), ['one FAILED', 'tidy SUCCEEDED']);
    const stop = `StopExecution ${tidying.execution?.id}`;
    assert.ok(!house.executor.calls.includes(stop));
  });

  it('end where they are with a clone that is deleted, and nothing of it is left', async () => {
    const id = await create([stage('one'), stage('two'), stage('tidy', ALWAYS)]);
    const first = await pass(id, 'one');
    const second = await ran(house, api, id, 'two');

    await api.clones.deleteClone({ id, etag: '' });

    const clone = await reached(api, id, ClonePhase.DELETED);
    assert.deepEqual(stagesOf(clone), ['one SUCCEEDED', 'two FAILED', 'tidy SKIPPED']);
    assert.deepEqual(await pastOf(api, id), ['1 one SUCCEEDED', '2 two STOPPED']);
    for (const { execution } of [first, second]) {
      assert.ok(house.executor.calls.includes(`DeleteExecution ${execution?.id}`));
    }
    assert.ok(house.executor.calls.includes(`DeleteStorage ${id}`));
  });

  it('of what has no end are run through, and the last is started again until that is given up', async () => {
    const retry = { maxExecutions: 3, on: [], backoff: SOON, maxBackoff: undefined };
    const id = await create([stage('seed'), stage('main', { retry })], CloneKind.ENVIRONMENT);
    await pass(id, 'seed');
    // A good exit is none for what is to run as long as its clone.
    await pass(id, 'main');
    await pass(id, 'main', 1);
    const last = await ran(house, api, id, 'main');
    await until(async () => {
      const { phase, epoch } = await got(api, id);
      return phase === ClonePhase.RUNNING && epoch === last.epoch;
    });
    exit(house, last, { exitCode: 0 });

    const clone = await reached(api, id, ClonePhase.FAILED);

    assert.deepEqual(stagesOf(clone), ['seed SUCCEEDED', 'main FAILED']);
    assert.deepEqual([clone.reason, clone.stages[1]?.executions], ['EXITED', 3]);
    assert.deepEqual(await pastOf(api, id), [
      '1 seed SUCCEEDED',
      '2 main SUCCEEDED',
      '3 main FAILED',
      '4 main SUCCEEDED',
    ]);
  });
});
