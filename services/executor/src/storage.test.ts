import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { link, lstat, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CreateExecutionRequest,
  ExitKind,
  StorageChanged,
  WorkloadState,
} from '@ramet/proto-gen/executor.v1';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import { connect } from '@ramet/rpc';
import { systemClock } from '@ramet/service';
import {
  executionOf,
  type House,
  hasReason,
  openHouse,
  sourceOf,
  type Wish,
} from './test-house.js';

// Goal: what a clone has stored outlives its executions, belongs to it alone, and goes when asked.
// Method: the real service, database, runners and processes.

describe('the storage of a clone', () => {
  let house: House;
  beforeEach(async () => {
    house = await openHouse();
  });
  afterEach(() => house[Symbol.asyncDispose]());

  it('outlives executions, and is sealed but for the stage that runs', async () => {
    const leave = 'umask 077; mkdir -p $RAMET_OUTPUT/a; echo x > $RAMET_OUTPUT/a/b';
    const first = stageOf('first', `${leave}; echo one > $RAMET_DATA/note`);
    await finish(house, first);
    await gone(house, first);

    // An archive has been restored: another execution, and another user.
    const filler = executionOf('sleep 60');
    await house.executions.createExecution(filler);
    const script = `cat $RAMET_DATA/note && cat $RAMET_OUTPUTS/first/a/b && echo two > $RAMET_DATA/note
      echo no > $RAMET_OUTPUTS/first/a/b && exit 7; rm -r $RAMET_OUTPUTS/first && exit 8
      echo no > $RAMET_INPUTS/x && exit 9; exit 3`;
    const second = { ...stageOf('second', script), cloneId: first.cloneId, epoch: 2 };
    assert.equal((await finish(house, second)).exit?.exitCode, 3);

    const again = stageOf('first', 'echo y > $RAMET_OUTPUT/a/b && cat $RAMET_DATA/note | grep two');
    const third = { ...again, cloneId: first.cloneId, epoch: 3 };
    assert.equal((await finish(house, third)).exit?.exitCode, 0);
    assert.deepEqual(await readdir(storages(house)), [first.cloneId, filler.cloneId].sort());
  });

  it('is emptied once for an epoch, however often it is asked, and for what never started', async () => {
    const first = executionOf('echo one > $RAMET_DATA/note; echo two > $RAMET_OUTPUT/left');
    await finish(house, first);

    // Asked for by one that cannot start: the next one finds it empty all the same.
    const fresh = { ...executionOf(''), cloneId: first.cloneId, epoch: 2, freshStorage: true };
    const unstartable = { ...fresh, source: sourceOf(['true'], 'no-such-tag') };
    const ended = await finish(house, unstartable);
    const script =
      'test -z "$(cd $RAMET_DATA; find . ../outputs/main -type f)" && touch $RAMET_DATA/new';
    const third = { ...executionOf(script), cloneId: first.cloneId, epoch: 3 };
    assert.equal((await finish(house, third)).exit?.exitCode, 0);
    const fourth = { ...executionOf('test -e $RAMET_DATA/new'), cloneId: first.cloneId, epoch: 4 };
    assert.equal((await finish(house, fourth)).exit?.exitCode, 0);

    assert.equal(ended.exit?.kind, ExitKind.START_FAILED);
    assert.equal(ended.exit.message, 'no such bundle: shell@no-such-tag');
  });

  it('goes when asked, but not under a workload, and leaves its history', async () => {
    const execution = executionOf('echo x > $RAMET_DATA/x; exec sleep 60');
    const { cloneId } = execution;
    await house.executions.createExecution(execution);
    await house.until(execution, WorkloadState.RUNNING);
    const [inUse, other] = [{ cloneId }, { cloneId: executionOf('').cloneId }];
    await assert.rejects(house.executions.deleteStorage(inUse), hasReason('STORAGE_IN_USE'));
    assert.deepEqual(await house.executions.deleteStorage(other), { gone: true });

    await gone(house, execution);
    await deleted(house, cloneId);

    assert.deepEqual(await readdir(storages(house)), []);
    assert.deepEqual(await changesOf(house, cloneId), ['created', 'removing', 'removed']);
  });

  it('that nobody knows of is removed at a start, and one that was being removed too', async () => {
    const execution = executionOf('echo x > $RAMET_DATA/x');
    await finish(house, execution);
    await mkdir(join(storages(house), 'cln_orphan'));
    await house.executions.deleteStorage({ cloneId: execution.cloneId });

    await house.restart();
    await deleted(house, execution.cloneId);

    assert.deepEqual(await readdir(storages(house)), []);
  });

  it('has one execution in it at a time: a newer one ends an older one first', async () => {
    const trap = 'trap "sleep 0.3; echo late > $RAMET_DATA/late; exit 0" TERM';
    const older = executionOf(`${trap}; while :; do sleep 0.05; done`);
    await house.executions.createExecution(older);
    await house.until(older, WorkloadState.RUNNING);

    const newer = { ...executionOf('cat $RAMET_DATA/late'), cloneId: older.cloneId, epoch: 2 };
    const { exit } = await finish(house, newer);

    assert.equal(exit?.exitCode, 0);
    const before = await house.until(older, WorkloadState.EXITED);
    assert.equal(before.exit?.kind, ExitKind.INTERRUPTED);
  });

  it('ends what fills more of it than it may', async () => {
    const execution = executionOf('head -c 3000000 /dev/zero > $RAMET_DATA/big; exec sleep 60');
    const limits = { runTime: undefined, grace: undefined, memoryBytes: 0n, cpuMillis: 0n };
    execution.limits = { ...limits, storageBytes: 1_000_000n };

    const { exit } = await finish(house, execution);

    assert.equal(exit?.kind, ExitKind.DISK_FULL);
  });

  (process.getuid?.() === 0 ? it : it.skip)(
    'gives no workload what a workload has only linked to',
    async () => {
      const first = executionOf('ln -s /etc/passwd $RAMET_DATA/soft; echo own > $RAMET_DATA/own');
      await finish(house, first);
      const data = join(storages(house), first.cloneId, 'data');
      const foreign = join(house.bundlesDir, 'foreign');
      await writeFile(foreign, 'not for workloads', { mode: 0o600 });
      // What a workload may do itself where the kernel lets it.
      await link(foreign, join(data, 'hard'));
      await gone(house, first);

      const filler = executionOf('sleep 60');
      await house.executions.createExecution(filler);
      const script = 'cat $RAMET_DATA/own && cat $RAMET_DATA/hard; test $? -ne 0';
      const second = { ...executionOf(script), cloneId: first.cloneId, epoch: 2 };
      const { exit } = await finish(house, second);

      assert.equal(exit?.exitCode, 0);
      assert.deepEqual([(await stat(foreign)).uid, (await stat('/etc/passwd')).uid], [0, 0]);
      assert.notEqual((await lstat(join(data, 'soft'))).uid, 0);
    },
  );

  it('that was opened to nobody by its workload is removed all the same', async () => {
    const execution = executionOf('mkdir -p $RAMET_DATA/a/b; chmod 000 $RAMET_DATA/a');
    await finish(house, execution);
    await gone(house, execution);
    await deleted(house, execution.cloneId);

    assert.equal(existsSync(join(storages(house), execution.cloneId)), false);
  });
});

function stageOf(stage: string, script: string): Wish {
  return { ...executionOf(script), stage };
}

function storages({ host }: House): string {
  return join(host.runDir, '.storage');
}

async function finish(house: House, execution: CreateExecutionRequest) {
  await house.executions.createExecution(execution);
  return house.until(execution, WorkloadState.EXITED);
}

async function gone(house: House, execution: CreateExecutionRequest): Promise<void> {
  await house.executions.deleteExecution(execution);
  await house.until(execution, WorkloadState.REMOVED);
}

async function deleted(house: House, cloneId: string): Promise<void> {
  while (!(await house.executions.deleteStorage({ cloneId })).gone) await systemClock.sleep(20);
}

async function changesOf(house: House, cloneId: string): Promise<readonly string[]> {
  await using history = connect(HistoryServiceService, house.address());
  const metadata = { 'x-test-caller': 'service:lifecycle' };
  for (;;) {
    const { entries } = await history.readHistory({ after: 0n, pageSize: 0 }, { metadata });
    const own = entries.filter(({ aggregateId }) => aggregateId === cloneId);
    const last = own.at(-1);
    if (last && StorageChanged.decode(last.payload).storage?.removeTime) {
      return own.map(({ kind }) => kind.split('.')[1] ?? '');
    }
    await systemClock.sleep(20);
  }
}
