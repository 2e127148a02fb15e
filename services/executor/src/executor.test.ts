import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecutionServiceService, ExitKind, WorkloadState } from '@ramet/proto-gen/executor.v1';
import { connect } from '@ramet/rpc';
import { isAlive, type ProcessIdentity } from '@ramet/service';
import {
  ALL,
  executionOf,
  type House,
  hasCode,
  hasReason,
  nameOf,
  openHouse,
} from './test-house.js';

// Goal: what lifecycle asks for is made, seen and taken away, whoever is restarted meanwhile.
// Method: the real service, database, runners and processes. Only those whom runners report to
// are played, by a FakeMesh.

describe('executor', () => {
  let house: House;
  beforeEach(async () => {
    house = await openHouse();
  });
  afterEach(() => house[Symbol.asyncDispose]());

  it('runs a workload, and tells all of it', async () => {
    const execution = executionOf('echo hello; exit 3');
    await house.executions.createExecution(execution);

    const workload = await house.until(execution, WorkloadState.EXITED);

    assert.deepEqual(workload.exit, {
      kind: ExitKind.EXITED,
      exitCode: 3,
      signal: '',
      message: '',
      report: undefined,
    });
    assert.ok(workload.startTime);
    const events = (await house.events()).filter((event) => event !== 'running');
    assert.deepEqual(events, ['created', 'exited']);
    assert.equal(house.mesh.updates[0]?.started, true);
    await house.arrives(() => house.mesh.completions.length === 1);
  });

  it('makes the same execution once, and gives what was made of it', async () => {
    const execution = executionOf('sleep 60');
    const first = await house.executions.createExecution(execution);
    const again = await house.executions.createExecution(execution);

    assert.deepEqual(again.workload?.createTime, first.workload?.createTime);
    assert.equal((await house.executions.listExecutions(ALL)).workloads.length, 1);
  });

  it('refuses what the clone has gone on without', async () => {
    const old = executionOf('sleep 60');
    const newer = { ...executionOf('sleep 60'), cloneId: old.cloneId, epoch: 2 };
    await house.executions.createExecution(newer);

    await assert.rejects(house.executions.createExecution(old), hasReason('EPOCH_STALE'));
    await assert.rejects(
      house.executions.createExecution({ ...newer, epoch: 1 }),
      hasReason('EPOCH_STALE'),
    );
  });

  it('never makes what was deleted before it was created', async () => {
    const execution = executionOf('sleep 60');

    const { workload } = await house.executions.deleteExecution(execution);

    assert.equal(workload?.state, WorkloadState.REMOVED);
    await assert.rejects(house.executions.createExecution(execution), hasReason('EPOCH_STALE'));
    await house.executions.deleteExecution(execution);
  });

  it('stops and removes a workload, and leaves nothing of it', async () => {
    const execution = executionOf('trap "exit 5" TERM; while :; do sleep 0.05; done');
    await house.executions.createExecution(execution);
    await house.until(execution, WorkloadState.RUNNING);

    await house.executions.stopExecution(execution);
    const { exit } = await house.until(execution, WorkloadState.EXITED);
    await house.executions.deleteExecution(execution);
    await house.until(execution, WorkloadState.REMOVED);

    assert.deepEqual([exit?.kind, exit?.exitCode], [ExitKind.STOPPED, 5]);
    assert.deepEqual(await readdir(join(house.host.stateDir, 'executions')), []);
    assert.deepEqual(await readdir(house.host.runDir), ['.control', '.storage']);
    const events = ['created', 'running', 'stopping', 'exited', 'removing', 'removed'];
    assert.deepEqual(await house.events(), events);
  });

  it('adopts at its next start what it left running', async () => {
    const execution = executionOf('while [ ! -e ../work/end ]; do sleep 0.05; done; exit 6');
    await house.executions.createExecution(execution);
    await house.until(execution, WorkloadState.RUNNING);
    const runner = await house.runnerOf(execution);

    await house.restart();
    assert.equal(await house.runnerOf(execution), runner);
    await writeFile(join(house.host.runDir, nameOf(execution), 'work', 'end'), '');
    const { exit } = await house.until(execution, WorkloadState.EXITED);

    assert.deepEqual([exit?.kind, exit?.exitCode], [ExitKind.EXITED, 6]);
  });

  it('ends its workloads with itself if told to, and says so', async () => {
    await house.restart({ stopWorkloadsOnExit: true });
    const execution = executionOf('exec sleep 60');
    await house.executions.createExecution(execution);
    await house.until(execution, WorkloadState.RUNNING);

    await house.restart();
    const { exit } = await house.until(execution, WorkloadState.EXITED);

    assert.deepEqual([exit?.kind, exit?.signal], [ExitKind.INTERRUPTED, 'SIGTERM']);
  });

  it('leaves no runner behind when it ends its workloads, even one that nobody listens to', async () => {
    await house.restart({ stopWorkloadsOnExit: true });
    const execution = executionOf('exec sleep 60');
    await house.executions.createExecution(execution);
    await house.until(execution, WorkloadState.RUNNING);
    const runner: ProcessIdentity = JSON.parse(await house.runnerOf(execution));

    await house.mesh[Symbol.asyncDispose]();
    await house.restart();

    assert.equal(isAlive(runner), false);
    const { exit } = await house.until(execution, WorkloadState.EXITED);
    assert.equal(exit?.kind, ExitKind.INTERRUPTED);
  });

  it('removes at its start what no row speaks of', async () => {
    const orphan = join(house.host.stateDir, 'executions', 'exe_orphan-e1');
    await mkdir(orphan, { recursive: true });

    await house.restart();

    assert.deepEqual(await readdir(join(house.host.stateDir, 'executions')), []);
  });

  it('streams what a workload prints, until it ends', async () => {
    const execution = executionOf('echo one; sleep 0.3; echo two >&2');
    await house.executions.createExecution(execution);

    const texts: string[] = [];
    const wish = { ...execution, follow: true, tailLines: 0 };
    for await (const { lines } of house.executions.streamLogs(wish)) {
      texts.push(...lines.map(({ text }) => text.toString()));
    }

    assert.deepEqual(texts, ['one', 'two']);
  });

  it('ends a workload whose epoch is over', async () => {
    const execution = executionOf('exec sleep 60');
    await house.executions.createExecution(execution);
    await house.until(execution, WorkloadState.RUNNING);

    house.mesh.supersede();
    const { exit } = await house.until(execution, WorkloadState.EXITED);

    assert.equal(exit?.kind, ExitKind.INTERRUPTED);
  });

  it('lists its workloads, newest first, page by page', async () => {
    const executions = [1, 2, 3].map(() => executionOf('sleep 60'));
    for (const execution of executions) await house.executions.createExecution(execution);

    const wish = { cloneId: '', pageSize: 2, pageToken: '' };
    const first = await house.executions.listExecutions(wish);
    const rest = await house.executions.listExecutions({ ...wish, pageToken: first.nextPageToken });

    const ids = [...first.workloads, ...rest.workloads].map(({ executionId }) => executionId);
    assert.deepEqual(ids, executions.map(({ executionId }) => executionId).reverse());
    assert.deepEqual([first.workloads.length, rest.nextPageToken], [2, '']);
  });

  it('answers lifecycle alone', async () => {
    await using stranger = connect(ExecutionServiceService, house.address());
    const execution = executionOf('true');
    const metadata = { 'x-test-caller': 'user:usr_1' };

    await assert.rejects(stranger.createExecution(execution), hasCode('UNAUTHENTICATED'));
    await assert.rejects(
      stranger.createExecution(execution, { metadata }),
      hasCode('PERMISSION_DENIED'),
    );
  });
});
