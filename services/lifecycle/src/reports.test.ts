// Goal: what a runner says is taken as far as it may say it, and never undoes anything.
// Method: reports over real sockets with real tokens, in and out of order, before and after the end.

import assert from 'node:assert/strict';
import { type Clone, ClonePhase, type Progress } from '@ramet/proto-gen/lifecycle.v1';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import {
  claim,
  createRunning,
  executionOf,
  exit,
  got,
  QUIET_BEAT,
  QUIET_END,
  reached,
  reasonOf,
  untilMade,
} from './testing/steps.js';

describe('the reports of a runner', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let wish: { botId: string; ownerId: string };

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('reports');
    api = house.as(crew.owner.token);
    wish = { botId: crew.bot.id, ownerId: crew.owner.id };
  });
  after(() => house[Symbol.asyncDispose]());

  it('are shown as they rise; what comes late or twice changes nothing', async () => {
    const clone = await createRunning(house, api, wish);
    const report = reporterOf(await house.asRunner(clone), clone);

    await report(progress(2n, 'second'));
    await report(progress(1n, 'first'));
    await report(progress(2n, 'second again'));
    await report(undefined);

    const told = await information(api, clone);
    assert.equal(told.progress?.message, 'second');
    assert.ok(told.heartbeatTime && told.progress?.reportTime);
    assert.ok(told.heartbeatTime > told.progress.reportTime);
  });

  it('of many executions are taken together, each for its own', async () => {
    const clones = await Promise.all([1, 2, 3].map(() => createRunning(house, api, wish)));

    await Promise.all(
      clones.flatMap(async (clone, n) => {
        const report = reporterOf(await house.asRunner(clone), clone);
        await Promise.all([1n, 2n, 3n].map((seq) => report(progress(seq, `of ${n}`))));
      }),
    );

    const told = await Promise.all(clones.map((clone) => information(api, clone)));
    assert.deepEqual(
      told.map(({ progress }) => [progress?.sequence, progress?.message]),
      [
        [3n, 'of 0'],
        [3n, 'of 1'],
        [3n, 'of 2'],
      ],
    );
  });

  it('claim an execution once: another instance has to give up', async () => {
    const { id } = await createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id) });
    const clone = await untilMade(house, api, id);

    const reasons = await Promise.all(
      ['a', 'b', 'c'].map((instance) => reasonOf(claim(house, clone, instance))),
    );
    const winner = ['a', 'b', 'c'][reasons.indexOf('ok')] ?? assert.fail();

    assert.deepEqual(reasons.sort(), ['EPOCH_STALE', 'EPOCH_STALE', 'ok']);
    assert.equal(await reasonOf(claim(house, clone, winner)), 'ok');
    await reached(api, id, ClonePhase.RUNNING);
  });

  it('of another epoch are stale, and of another execution are not there', async () => {
    const clone = await createRunning(house, api, wish);
    const other = await createRunning(house, api, wish);
    const runner = await house.asRunner(clone);

    assert.equal(await reasonOf(reporterOf(runner, other)(undefined)), 'EXECUTION_NOT_FOUND');
    const later = { ...clone, execution: { ...clone.execution, epoch: 2 } } as Clone;
    assert.equal(await reasonOf(reporterOf(runner, later)(undefined)), 'EPOCH_STALE');
    const future = await house.asRunner(later);
    assert.equal(await reasonOf(reporterOf(future, later)(undefined)), 'EPOCH_STALE');
  });

  it('are refused once the execution is over', async () => {
    const clone = await createRunning(house, api, wish);
    const report = reporterOf(await house.asRunner(clone), clone);
    exit(house, clone, { exitCode: 0 });
    await reached(api, clone.id, ClonePhase.COMPLETED);

    assert.equal(await reasonOf(report(progress(9n, 'too late'))), 'EPOCH_STALE');
    const told = await information(api, clone);
    assert.equal(told.progress, undefined);
  });

  it('of an end count once, and not at all after the outcome', async () => {
    const clone = await createRunning(house, api, wish);
    const runner = await house.asRunner(clone);
    const complete = (success: boolean, message: string) => {
      const report = { success, message, metrics: [] };
      return runner.reports.completeCloneExecution({ ...QUIET_END, ...executionOf(clone), report });
    };

    await complete(false, 'it went wrong');
    await complete(true, 'it went well');
    exit(house, clone, { exitCode: 0 });
    const { execution } = await reached(api, clone.id, ClonePhase.FAILED);
    assert.equal(execution?.outcome?.reason, 'REPORTED');

    await complete(true, 'it went well');
    const { seq } = await reached(api, clone.id, ClonePhase.FAILED);
    assert.equal(seq, (await reached(api, clone.id, ClonePhase.FAILED)).seq);
    assert.equal((await information(api, clone)).execution?.report?.message, 'it went wrong');
  });

  it('of an end that come before the start was seen wait for the exit', async () => {
    const { id } = await createClone(api, { botId: wish.botId, owner: ownerOf(wish.ownerId) });
    const clone = await reached(api, id, ClonePhase.PROVISIONING);
    const runner = await house.asRunner(clone);
    const report = { success: true, message: 'that was quick', metrics: [] };
    const told = { ...QUIET_END, ...executionOf(clone), report };
    await runner.reports.completeCloneExecution(told);
    const { phase, execution } = await got(api, id);
    assert.deepEqual([phase, execution?.outcome], [ClonePhase.PROVISIONING, undefined]);

    await untilMade(house, api, id);
    exit(house, clone, { exitCode: 0 });
    const ended = await reached(api, id, ClonePhase.COMPLETED);
    assert.equal(ended.execution?.report?.message, 'that was quick');
  });

  it('are answered with the wish to stop', async () => {
    const clone = await createRunning(house, api, wish);
    const report = reporterOf(await house.asRunner(clone), clone);
    assert.equal((await report(undefined)).stopRequested, false);
    house.executor.isPrompt = false;

    await api.clones.stopClone({ id: clone.id, etag: '', external: undefined });

    assert.equal((await report(undefined)).stopRequested, true);
    house.executor.isPrompt = true;
    exit(house, clone, { exitCode: 0 });
    await reached(api, clone.id, ClonePhase.COMPLETED);
  });

  it('with figures that are no numbers are refused, by field', async () => {
    const clone = await createRunning(house, api, wish);
    const report = reporterOf(await house.asRunner(clone), clone);
    const bad = { ...progress(1n, 'bad'), metrics: [{ name: 'x', value: Number.NaN, unit: '' }] };

    assert.equal(await reasonOf(report(bad)), 'REQUEST_INVALID');
    assert.equal(await reasonOf(report({ ...progress(1n, 'a\0b') })), 'REQUEST_INVALID');
    assert.equal(
      await reasonOf(report({ ...progress(1n, ''), fraction: -0.5 })),
      'REQUEST_INVALID',
    );
  });

  it('keep an identity alive for as long as its execution lives', async () => {
    const clone = await createRunning(house, api, wish);
    const directory = house.as(await house.teams.serviceToken('teams')).directory;
    const asked = { cloneId: clone.id, ...executionOf(clone) };
    const ownerId = clone.owner?.owner?.value;
    assert.deepEqual(await directory.checkEpoch(asked), { alive: true, ownerId });
    const over = await directory.checkEpoch({ ...asked, epoch: 2 });
    assert.deepEqual(over, { alive: false, ownerId: '' });

    exit(house, clone, { exitCode: 0 });
    await reached(api, clone.id, ClonePhase.COMPLETED);

    assert.equal((await directory.checkEpoch(asked)).alive, false);
  });
});

function progress(sequence: bigint, message: string): Progress {
  return { sequence, fraction: 0.25, message, metrics: [], reportTime: undefined };
}

function reporterOf({ reports }: Api, clone: Clone) {
  return (said: Progress | undefined) =>
    reports.updateExecution({
      ...QUIET_BEAT,
      ...executionOf(clone),
      instance: 'runner-1',
      started: false,
      progress: said,
    });
}

async function information({ clones }: Api, { id }: Clone) {
  return clones.getCloneExecutionInformation({ cloneId: id, executionId: '' });
}
