// Goal: whoever asks is told what a clone waits for, and is not told so any more once that is over.
// Method: real lifecycle, teams and keys; an executor that fails when it is told to.

import assert from 'node:assert/strict';
import { conflict, denied, unavailable } from '@ramet/errors';
import {
  type Cause,
  type Clone,
  CloneKind,
  ClonePhase,
  CreateTemplateRequest,
  SetCloneExpiryRequest,
  SetQuotaRequest,
  TemplateSpec,
} from '@ramet/proto-gen/lifecycle.v1';
import { systemClock } from '@ramet/service';
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
  claim,
  createRunning,
  executionOf,
  exit,
  QUIET_BEAT,
  reached,
  reasonOf,
  start,
  until,
  untilMade,
} from './testing/steps.js';

const NOBODY = '127.0.0.1:9';
const REASON = 'as the test has it';

describe('ExplainClone', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let root: Api;
  let wish: { readonly botId: string; readonly ownerId: string };

  before(async () => {
    house = await openHouse({
      deadlines: { ...DEADLINES, DELETING: 3_000, CLEANUP_FAILED: 60_000 },
    });
    crew = await house.createCrew('explain');
    api = house.as(crew.owner.token);
    root = house.as((await house.teams.admin()).token);
    wish = { botId: crew.bot.id, ownerId: crew.owner.id };
  });
  after(() => house[Symbol.asyncDispose]());
  afterEach(() => {
    house.executor.heal();
    house.executor.isPrompt = true;
  });

  const create = (keyId = ''): Promise<Clone> => {
    return createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id), keyId });
  };

  it('follows a clone from a full host to its end', async () => {
    house.executor.ail('CreateExecution', unavailable('host'));
    const { id } = await create();
    const cause = await explained(api, id, 'RETRYING');
    assert.deepEqual(codesOf(cause), ['RETRYING', 'HOST_AWAY', 'DEADLINE']);
    assert.ok(find(cause, 'DEADLINE')?.untilTime);

    house.executor.heal();
    const { executionId } = executionOf(await reached(api, id, ClonePhase.PROVISIONING));
    await until(() => house.executor.workloads.has(executionId));
    const waiting = await explained(api, id, 'WAITING_FOR_CLAIM');
    assert.equal(waiting.subject, executionId);
    assert.equal(find(waiting, 'HOST_AWAY'), undefined);

    await start(house, api, id);
    assert.deepEqual(codesOf(await explained(api, id, 'RUNNING_WELL')).slice(0, 1), [
      'RUNNING_WELL',
    ]);

    house.executor.isPrompt = false;
    await api.clones.stopClone({ id, etag: '', external: undefined });
    assert.ok((await explained(api, id, 'WAITING_FOR_GRACE')).untilTime);
    house.executor.exit(executionId, { kind: 3, signal: 'SIGTERM' });
    assert.deepEqual(codesOf(await explained(api, id, 'STOPPED')), ['STOPPED', 'STOP_REQUESTED']);
  });

  it('says EXECUTOR_AWAY and KEYS_AWAY while they are, and goes on when they are back', async () => {
    const keyId = await createKey(api, crew.owner.id, 'away');
    const running = await createRunning(house, api, wish);
    await house.restart({ keysAddress: NOBODY, executorAddress: NOBODY });
    await until(async () => (await reasonOf(explain(api, running.id))) === 'ok');
    const { id } = await create(keyId);

    const cause = await explained(api, id, 'RETRYING');
    assert.ok(find(cause, 'KEYS_AWAY'), codesOf(cause).join(' '));
    assert.equal(find(cause, 'KEYS_AWAY')?.subject, keyId);
    assert.ok(find(await explained(api, running.id, 'RUNNING_WELL'), 'EXECUTOR_AWAY'));

    await house.restart();
    await until(async () => (await reasonOf(explain(api, running.id))) === 'ok');
    await start(house, api, id);
    assert.equal(find(await explained(api, id, 'RUNNING_WELL'), 'KEYS_AWAY'), undefined);
    // Its reconciler may have come upon the executor while that was away: it asks again by itself.
    await until(async () => {
      return !find(await explained(api, running.id, 'RUNNING_WELL'), 'EXECUTOR_AWAY');
    });
  });

  it('says EXECUTOR_REFUSED, and not away, of an executor that answers with a no', async () => {
    const { id } = await createRunning(house, api, wish);
    house.executor.ail('GetExecution', denied('executions.get', 'not to you'));
    const cause = await explained(api, id, 'RUNNING_WELL');
    assert.equal(find(cause, 'EXECUTOR_REFUSED')?.message, 'not to you');
    assert.equal(find(cause, 'EXECUTOR_AWAY'), undefined);

    house.executor.ail('GetExecution', unavailable('executor'));
    const away = await explain(api, id);
    assert.ok(find(away, 'EXECUTOR_AWAY'), codesOf(away).join(' '));

    house.executor.heal();
    await until(async () => {
      const well = await explain(api, id);
      return !find(well, 'EXECUTOR_REFUSED') && !find(well, 'EXECUTOR_AWAY');
    });
  });

  it('says why a clone has failed, until it runs again', async () => {
    const subject = { kind: 'execution', id: 'exe' };
    house.executor.ail('CreateExecution', conflict('SOURCE_UNSUPPORTED', subject, 'no runtime'));
    const { id } = await create();
    assert.deepEqual(codesOf(await explained(api, id, 'FAILED')), ['FAILED', 'SOURCE_UNSUPPORTED']);

    house.executor.heal();
    await api.clones.restartClone({ id, resume: false, etag: '', requestId: '' });
    const clone = await start(house, api, id);
    assert.equal(find(await explained(api, id, 'RUNNING_WELL'), 'SOURCE_UNSUPPORTED'), undefined);

    exit(house, clone, { exitCode: 3 });
    assert.deepEqual(codesOf(await explained(api, id, 'FAILED')), ['FAILED', 'EXIT_CODE']);
  });

  it('says KEY_IN_USE of a clone that got no key, until the key is free', async () => {
    const keyId = await createKey(api, crew.owner.id, 'shared');
    const holder = await createRunning(house, api, { ...wish, keyId });
    const { id } = await create(keyId);
    assert.equal(find(await explained(api, id, 'FAILED'), 'KEY_IN_USE')?.subject, keyId);

    await api.clones.deleteClone({ id: holder.id, etag: '' });
    await reached(api, holder.id, ClonePhase.DELETED);
    await api.clones.restartClone({ id, resume: true, etag: '', requestId: '' });
    await start(house, api, id);
    assert.equal(find(await explained(api, id, 'RUNNING_WELL'), 'KEY_IN_USE'), undefined);
  });

  it('says at once of a clone that runs that it may not sign, until it may again', async () => {
    const keyId = await createKey(api, crew.owner.id, 'stopped');
    const { id } = await createRunning(house, api, { ...wish, keyId });
    await api.keys.disableKey({ id: keyId, etag: '' });
    const cause = await explained(api, id, 'RUNNING_WELL');
    assert.equal(find(cause, 'KEY_DISABLED')?.unblockedBy, 'EnableKey');

    await api.keys.enableKey({ id: keyId, etag: '' });
    assert.ok(!codesOf(await explained(api, id, 'RUNNING_WELL')).includes('KEY_DISABLED'));
  });

  it('tells what the probe of a clone has found, and whether it still does', async () => {
    const clone = await createProbed(api, crew.owner.id);
    const { id } = clone;
    const made = await untilMade(house, api, id);
    await claim(house, made);
    await explained(api, id, 'WAITING_FOR_PROBE');

    await probe(house, made, false, 'connection refused');
    await until(async () => (await explain(api, id)).message === 'connection refused');

    await probe(house, made, true, '');
    await explained(api, id, 'RUNNING_WELL');
    await probe(house, made, false, 'status 500');
    assert.equal((await explained(api, id, 'UNAVAILABLE')).message, 'status 500');
    await probe(house, made, true, '');
    await explained(api, id, 'RUNNING_WELL');
  });

  it('says BACK_OFF with the failure before a stage is tried again, and when it is', async () => {
    const { id } = await createProbed(api, crew.owner.id);
    const made = await untilMade(house, api, id);
    await claim(house, made);
    await probe(house, made, true, '');
    await explained(api, id, 'RUNNING_WELL');

    exit(house, made, { exitCode: 4 });

    const cause = await explained(api, id, 'BACK_OFF');
    assert.deepEqual(codesOf(cause).slice(0, 2), ['BACK_OFF', 'EXIT_CODE']);
    assert.ok(cause.untilTime);
    await explained(api, id, 'WAITING_FOR_CLAIM');
  });

  it('says QUOTA_EXCEEDED of a clone that could not run again, until there is room', async () => {
    const clone = await createRunning(house, api, wish);
    exit(house, clone, { exitCode: 0 });
    await explained(api, clone.id, 'COMPLETED');
    const limit = (amount: bigint | undefined) =>
      root.admin.setQuota(
        SetQuotaRequest.fromPartial({
          owner: ownerOf(crew.owner.id),
          kind: CloneKind.BOT,
          resource: 'cpu_millis',
          reason: REASON,
          ...(amount !== undefined && { limit: amount }),
        }),
      );

    await limit(1n);
    const cause = await explain(api, clone.id);
    assert.deepEqual(codesOf(cause), ['COMPLETED', 'QUOTA_EXCEEDED']);
    assert.match(find(cause, 'QUOTA_EXCEEDED')?.message ?? '', /cpu_millis/);
    assert.equal(
      await reasonOf(
        api.clones.restartClone({ id: clone.id, resume: true, etag: '', requestId: '' }),
      ),
      'QUOTA_EXCEEDED',
    );

    await limit(undefined);
    assert.deepEqual(codesOf(await explain(api, clone.id)), ['COMPLETED']);
  });

  it('says EXPIRED of a clone that was suspended when its time was over, until it is extended', async () => {
    const { id } = await createRunning(house, api, wish);
    const expire = (expireTime: Date | undefined) =>
      root.admin.setCloneExpiry(
        SetCloneExpiryRequest.fromPartial({
          id,
          reason: REASON,
          ...(expireTime && { expireTime }),
        }),
      );

    await expire(new Date(systemClock.now().getTime() - 1_000));
    const cause = await explained(api, id, 'SUSPENDED');
    assert.deepEqual(codesOf(cause), ['SUSPENDED', 'EXPIRED']);
    assert.ok(cause.untilTime);

    await expire(undefined);
    assert.equal(find(await explained(api, id, 'WAITING_FOR_CLAIM'), 'EXPIRED'), undefined);
  });

  it('says CLEANUP_FAILED with what is behind it, and DELETED once it is gone', async () => {
    const { id } = await createRunning(house, api, wish);
    house.executor.ail('DeleteExecution', unavailable('host'));
    await api.clones.deleteClone({ id, etag: '' });
    const cause = await explained(api, id, 'CLEANUP_FAILED');
    assert.deepEqual(codesOf(cause), ['CLEANUP_FAILED', 'DEADLINE_EXCEEDED', 'HOST_AWAY']);

    house.executor.heal();
    await api.clones.deleteClone({ id, etag: '' });
    await explained(api, id, 'DELETED');
  });

  it('says WAITING_FOR_REMOVAL until the workload is gone', async () => {
    const clone = await createRunning(house, api, wish);
    house.executor.isPrompt = false;
    await api.clones.archiveClone({ id: clone.id, etag: '' });
    await explained(api, clone.id, 'WAITING_FOR_REMOVAL');
    house.executor.isPrompt = true;
    await explained(api, clone.id, 'ARCHIVED');
  });

  it('says DENIED of what was deleted by the deny list, to who sees it', async () => {
    const outcast = await house.createCrew('outcast');
    const theirs = house.as(outcast.owner.token);
    const owner = ownerOf(outcast.owner.id);
    const { id } = await createClone(theirs, { botId: outcast.bot.id, owner });
    assert.equal(await reasonOf(explain(api, id)), 'CLONE_NOT_FOUND');

    await root.standings.denyOwner({ owner, reason: REASON });
    // Who starts reads what teams has to tell at once.
    await house.restart();
    await until(async () => (await reasonOf(explain(root, id))) === 'ok');
    const cause = await explained(root, id, 'DELETED');
    assert.equal(find(cause, 'DENIED')?.subject, outcast.owner.id);

    const own = await create();
    await api.clones.deleteClone({ id: own.id, etag: '' });
    assert.deepEqual(codesOf(await explained(api, own.id, 'DELETED')), ['DELETED']);
  });
});

async function explain({ clones }: Api, id: string): Promise<Cause> {
  const { cause } = await clones.explainClone({ id });
  return cause ?? assert.fail('no cause came back');
}

/** Waits until the root of what is explained has a code. */
async function explained(api: Api, id: string, code: string): Promise<Cause> {
  let cause = await explain(api, id);
  const trail = [codesOf(cause).join(' ')];
  for (let count = 0; count < 400 && cause.code !== code; count += 1) {
    await systemClock.sleep(20);
    cause = await explain(api, id);
    trail.push(codesOf(cause).join(' '));
  }
  assert.equal(cause.code, code, [...new Set(trail)].join(' | '));
  return cause;
}

function find(cause: Cause, code: string): Cause | undefined {
  if (cause.code === code) return cause;
  return cause.causes.map((each) => find(each, code)).find((found) => found !== undefined);
}

function codesOf({ code, causes }: Cause): readonly string[] {
  return [code, ...causes.flatMap(codesOf)];
}

/** An environment with a probe, whose stage is tried again after a second. */
async function createProbed(api: Api, ownerId: string): Promise<Clone> {
  const spec = TemplateSpec.fromPartial({
    stages: [
      {
        name: 'main',
        work: {
          $case: 'source',
          value: { source: { $case: 'process', value: { bundle: 'web', command: ['node'] } } },
        },
        ports: [{ name: 'web', scheme: 'http' }],
        probe: { check: { $case: 'tcp', value: { port: 'web' } } },
      },
    ],
  });
  const kind = CloneKind.ENVIRONMENT;
  const name = `probed-${systemClock.now().getTime()}`;
  const asked = CreateTemplateRequest.fromPartial({ owner: ownerOf(ownerId), kind, name, spec });
  const { template } = await api.templates.createTemplate(asked);
  const templateId = template?.id ?? assert.fail('no template came back');
  return createClone(api, { botId: '', owner: ownerOf(ownerId), templateId });
}

async function probe(house: House, clone: Clone, ready: boolean, message: string): Promise<void> {
  const { reports } = await house.asRunner(clone);
  await reports.updateExecution({
    ...executionOf(clone),
    ...QUIET_BEAT,
    instance: 'runner-1',
    started: false,
    progress: undefined,
    health: { ready, message },
  });
}
