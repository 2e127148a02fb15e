// Goal: nothing stays where it is for ever, and nothing is lost, whatever is away.
// Method: short deadlines; peers that refuse; servers of the test's own that are stopped and started.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unavailable } from '@ramet/errors';
import { startPostgres } from '@ramet/local/engines';
import { ClonePhase, OutcomeKind } from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import { Scope } from '@ramet/service';
import { DEADLINES } from './domain/phases.js';
import {
  type Api,
  type Crew,
  createClone,
  createKey,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import {
  createRunning,
  executionOf,
  exit,
  got,
  isFree,
  QUIET_END,
  reached,
  reasonOf,
  until,
  used,
} from './testing/steps.js';

const SHORT = {
  ...DEADLINES,
  PROVISIONING: 600,
  RUNNING: 300,
  FINALIZING: 400,
  DELETING: 400,
  CLEANUP_FAILED: 400,
};

const BRIEF = {
  runTime: { seconds: 1n, nanos: 0 },
  memoryBytes: 0n,
  grace: { seconds: 0n, nanos: 0 },
  cpuMillis: 0n,
  storageBytes: 0n,
};

describe('a clone in trouble', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let wish: { botId: string; ownerId: string };

  before(async () => {
    house = await openHouse({ deadlines: SHORT });
    crew = await house.createCrew('trouble');
    api = house.as(crew.owner.token);
    wish = { botId: crew.bot.id, ownerId: crew.owner.id };
  });
  after(() => house[Symbol.asyncDispose]());
  afterEach(() => house.executor.heal());

  it('whose workload never runs is FAILED by its deadline, and gives everything back', async () => {
    const keyId = await createKey(api, crew.owner.id, 'never-runs');
    const owner = ownerOf(crew.owner.id);
    const before = await used(api, crew.owner.id);
    const { id } = await createClone(api, { botId: crew.bot.id, owner, keyId, limits: BRIEF });

    const { reason } = await reached(api, id, ClonePhase.FAILED);

    assert.equal(reason, 'DEADLINE_EXCEEDED');
    assert.equal(await isFree(api, keyId), true);
    assert.equal(await used(api, crew.owner.id), before);
  });

  it('whose executor is away says so when its deadline has passed', async () => {
    house.executor.ail('CreateExecution', unavailable('host'));
    const owner = ownerOf(crew.owner.id);
    const { id } = await createClone(api, { botId: crew.bot.id, owner, limits: BRIEF });

    const { message } = await reached(api, id, ClonePhase.FAILED);

    assert.match(message, /host is not available/);
  });

  it('goes on when its executor is back', async () => {
    house.executor.ail('CreateExecution', unavailable('host'));
    const owner = ownerOf(crew.owner.id);
    const { id } = await createClone(api, { botId: crew.bot.id, owner, limits: BRIEF });
    const clone = await reached(api, id, ClonePhase.PROVISIONING);
    const { executionId } = executionOf(clone);
    await until(() => house.executor.calls.includes(`CreateExecution ${executionId}`));

    house.executor.heal();
    await until(() => house.executor.workloads.has(executionId));
    house.executor.run(executionId);

    await reached(api, id, ClonePhase.RUNNING);
    exit(house, clone, { exitCode: 0 });
    await reached(api, id, ClonePhase.COMPLETED);
  });

  it('that runs for too long is TIMED_OUT even if its executor does not see to it', async () => {
    const owner = ownerOf(crew.owner.id);
    const made = await createClone(api, { botId: crew.bot.id, owner, limits: BRIEF });
    const provisioned = await reached(api, made.id, ClonePhase.PROVISIONING);
    const { executionId } = executionOf(provisioned);
    await until(() => house.executor.workloads.has(executionId));
    house.executor.run(executionId);

    const { execution, phase } = await reached(api, made.id, ClonePhase.FAILED);

    assert.equal(phase, ClonePhase.FAILED);
    assert.equal(execution?.outcome?.kind, OutcomeKind.TIMED_OUT);
    assert.ok(house.executor.calls.includes(`StopExecution ${executionId}`));
  });

  it('that cannot be finalized rests all the same, and is cleaned up later', async () => {
    const owner = ownerOf(crew.owner.id);
    const { id } = await createClone(api, { botId: crew.bot.id, owner, limits: BRIEF });
    await reached(api, id, ClonePhase.PROVISIONING);
    house.executor.ail('DeleteExecution', unavailable('host'));
    await api.clones.stopClone({ id, etag: '', external: undefined });

    const failed = await reached(api, id, ClonePhase.FAILED);
    assert.deepEqual(
      failed.conditions.map(({ type }) => type),
      ['CLEANUP_PENDING'],
    );
    house.executor.heal();

    await until(async () => (await got(api, id)).conditions.length === 0);
    assert.equal((await got(api, id)).phase, ClonePhase.FAILED);
  });

  it('that cannot be removed is CLEANUP_FAILED, and is tried again until it is gone', async () => {
    const clone = await createRunning(house, api, wish);
    house.executor.ail('DeleteExecution', unavailable('host'));
    await api.clones.deleteClone({ id: clone.id, etag: '' });

    const { message } = await reached(api, clone.id, ClonePhase.CLEANUP_FAILED);
    assert.match(message, /host is not available/);
    house.executor.heal();

    await reached(api, clone.id, ClonePhase.DELETED);
  });

  it('does not hold up the others', async () => {
    house.executor.ail('StopExecution', unavailable('host'));
    const stuck = await createRunning(house, api, wish);
    await api.clones.stopClone({ id: stuck.id, etag: '', external: undefined });
    await reached(api, stuck.id, ClonePhase.STOPPING);

    const other = await createRunning(house, api, wish);
    exit(house, other, { exitCode: 0 });

    await reached(api, other.id, ClonePhase.COMPLETED);
  });

  it('is found again by a service that was restarted', async () => {
    const clone = await createRunning(house, api, wish);
    await house.restart();
    exit(house, clone, { exitCode: 0 });
    await until(
      async () => (await reasonOf(api.clones.getClone({ id: clone.id, asOf: undefined }))) === 'ok',
    );

    await reached(api, clone.id, ClonePhase.COMPLETED);
  });
});

describe('lifecycle without its servers', () => {
  it('goes on without NATS, by its own clock', async () => {
    await using house = await openHouse({ natsUrl: 'nats://127.0.0.1:9' });
    const crew = await house.createCrew('nats');
    const api = house.as(crew.owner.token);
    const clone = await createRunning(house, api, { botId: crew.bot.id, ownerId: crew.owner.id });
    exit(house, clone, { exitCode: 0 });
    const runner = await house.asRunner(clone);

    await runner.reports.completeCloneExecution({
      ...QUIET_END,
      ...executionOf(clone),
      report: undefined,
    });
    await runner.reports.completeCloneExecution({
      ...QUIET_END,
      ...executionOf(clone),
      report: { success: true, message: '', metrics: [] },
    });

    await reached(api, clone.id, ClonePhase.COMPLETED);
  });

  it('is UNAVAILABLE without Postgres, and well again when that is back', async () => {
    await using scope = new Scope();
    const folder = await mkdtemp(join(tmpdir(), 'ramet-pg-'));
    scope.defer(() => rm(folder, { recursive: true, force: true }));
    await using postgres = await startPostgres({
      folder: join(folder, 'postgres'),
      passwordFile: join(folder, 'password'),
      logFile: join(folder, 'log'),
      durable: false,
    });
    await using house = await openHouse({ databaseUrl: postgres.adminUrl('postgres') });
    const crew = await house.createCrew('postgres');
    const api = house.as(crew.owner.token);
    const clone = await createRunning(house, api, { botId: crew.bot.id, ownerId: crew.owner.id });

    await postgres.process.stop();
    const refused = await api.clones
      .getClone({ id: clone.id, asOf: undefined })
      .catch((thrown: unknown) => thrown);
    assert.ok(refused instanceof RemoteError);
    assert.deepEqual([refused.code, refused.reason], ['UNAVAILABLE', 'DATABASE_UNAVAILABLE']);
    assert.ok(refused.retryAfterMs);
    exit(house, clone, { exitCode: 0 });
    await postgres.process.start();

    await until(
      async () => (await reasonOf(api.clones.getClone({ id: clone.id, asOf: undefined }))) === 'ok',
    );
    await reached(api, clone.id, ClonePhase.COMPLETED);
  });
});
