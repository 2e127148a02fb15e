// Goal: every way in which a clone can end, and what is left of it then.
// Method: real lifecycle, teams and keys on a real database; the executor is played on a real socket.

import assert from 'node:assert/strict';
import { ExitKind } from '@ramet/proto-gen/executor.v1';
import { ClonePhase, OutcomeKind } from '@ramet/proto-gen/lifecycle.v1';
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
  isFree,
  QUIET_END,
  reached,
  reasonOf,
  start,
  untilMade,
  used,
} from './testing/steps.js';

const GOOD = { success: true, message: 'done', metrics: [] };

type Bring = (
  house: House,
  api: Api,
  wish: { botId: string; ownerId: string; keyId: string },
) => Promise<string>;

const DELETABLE: readonly (readonly [string, Bring])[] = [
  [
    'ACCEPTED',
    async (_, api, { botId, ownerId, keyId }) =>
      (await createClone(api, { botId, owner: ownerOf(ownerId), keyId })).id,
  ],
  [
    'PROVISIONING',
    async (_, api, { botId, ownerId, keyId }) => {
      const { id } = await createClone(api, { botId, owner: ownerOf(ownerId), keyId });
      await reached(api, id, ClonePhase.PROVISIONING);
      return id;
    },
  ],
  ['RUNNING', async (house, api, wish) => (await createRunning(house, api, wish)).id],
  [
    'COMPLETED',
    async (house, api, wish) => {
      const clone = await createRunning(house, api, wish);
      exit(house, clone, { exitCode: 0 });
      await reached(api, clone.id, ClonePhase.COMPLETED);
      return clone.id;
    },
  ],
  [
    'FAILED',
    async (house, api, wish) => {
      const clone = await createRunning(house, api, wish);
      exit(house, clone, { kind: ExitKind.OUT_OF_MEMORY });
      await reached(api, clone.id, ClonePhase.FAILED);
      return clone.id;
    },
  ],
];

describe('the end of a clone', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let wish: { botId: string; ownerId: string };

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('ends');
    api = house.as(crew.owner.token);
    wish = { botId: crew.bot.id, ownerId: crew.owner.id };
  });
  after(() => house[Symbol.asyncDispose]());

  it('is FAILED for a bad exit, whatever was reported', async () => {
    const clone = await createRunning(house, api, wish);
    const runner = await house.asRunner(clone);
    await runner.reports.completeCloneExecution({
      ...QUIET_END,
      ...executionOf(clone),
      report: GOOD,
    });

    exit(house, clone, { exitCode: 3 });

    const { execution, reason } = await reached(api, clone.id, ClonePhase.FAILED);
    assert.deepEqual([reason, execution?.outcome?.exitCode], ['EXIT_CODE', 3]);
    assert.equal(execution?.report?.success, true);
  });

  it('is STOPPED when a user stops it, with its key held and its signing ended', async () => {
    const keyId = await createKey(api, crew.owner.id, 'stopped');
    const clone = await createRunning(house, api, { ...wish, keyId });

    await api.clones.stopClone({ id: clone.id, etag: '', external: undefined });

    const { execution } = await reached(api, clone.id, ClonePhase.STOPPED);
    assert.equal(execution?.outcome?.kind, OutcomeKind.STOPPED);
    assert.equal(await isFree(api, keyId), false);
    const { grants } = await api.keys.listGrants({ keyId, pageSize: 0, pageToken: '' });
    assert.ok(grants.every(({ revokeTime }) => revokeTime !== undefined));
  });

  it('is COMPLETED when it ended by itself before it was stopped', async () => {
    const clone = await createRunning(house, api, wish);
    house.executor.isPrompt = false;
    await api.clones.stopClone({ id: clone.id, etag: '', external: undefined });

    exit(house, clone, { exitCode: 0 });

    await reached(api, clone.id, ClonePhase.COMPLETED);
    house.executor.isPrompt = true;
  });

  it('changes nothing to stop what is at rest', async () => {
    const clone = await createRunning(house, api, wish);
    exit(house, clone, { exitCode: 0 });
    const rested = await reached(api, clone.id, ClonePhase.COMPLETED);

    const { clone: stopped } = await api.clones.stopClone({
      id: clone.id,
      etag: '',
      external: undefined,
    });

    assert.deepEqual(stopped, rested);
  });

  it('gives everything back of a clone that is stopped before it ran', async () => {
    const keyId = await createKey(api, crew.owner.id, 'never');
    const before = await used(api, crew.owner.id);
    const owner = ownerOf(crew.owner.id);
    const { id } = await createClone(api, { botId: crew.bot.id, owner, keyId });
    await reached(api, id, ClonePhase.PROVISIONING);

    await api.clones.stopClone({ id, etag: '', external: undefined });

    await reached(api, id, ClonePhase.STOPPED);
    assert.equal(await isFree(api, keyId), true);
    assert.equal(await used(api, crew.owner.id), before);
  });

  it('is FAILED with KEY_IN_USE for all but one of the clones that race for a key', async () => {
    const keyId = await createKey(api, crew.owner.id, 'contested');
    const before = await used(api, crew.owner.id);
    const owner = ownerOf(crew.owner.id);
    const created = await Promise.all(
      [1, 2, 3].map(() => createClone(api, { botId: crew.bot.id, owner, keyId })),
    );

    const all = await Promise.all(
      created.map(async ({ id }) => {
        const clone = await reached(api, id, ClonePhase.PROVISIONING, ClonePhase.FAILED);
        return clone.phase === ClonePhase.FAILED ? clone : start(house, api, id);
      }),
    );

    const failed = all.filter(({ phase }) => phase === ClonePhase.FAILED);
    assert.equal(all.filter(({ phase }) => phase === ClonePhase.RUNNING).length, 1);
    assert.deepEqual(
      failed.map(({ reason }) => reason),
      ['KEY_IN_USE', 'KEY_IN_USE'],
    );
    assert.equal(await used(api, crew.owner.id), before + 1);
    const { grants } = await api.keys.listGrants({ keyId, pageSize: 0, pageToken: '' });
    assert.equal(grants.filter(({ revokeTime }) => revokeTime === undefined).length, 1);
  });

  it('has no log where nothing ever ran', async () => {
    const keyId = await createKey(api, crew.owner.id, 'logless');
    const owner = ownerOf(crew.owner.id);
    await createRunning(house, api, { ...wish, keyId });
    const { id } = await createClone(api, { botId: crew.bot.id, owner, keyId });
    await reached(api, id, ClonePhase.FAILED);

    for (const follow of [false, true]) {
      const asked = { cloneId: id, executionId: '', follow, tailLines: 0 };
      const lines: unknown[] = [];
      for await (const part of api.clones.streamCloneLogs(asked)) lines.push(...part.lines);
      assert.deepEqual(lines, []);
    }
  });

  it('names what the executor saw of a start that failed', async () => {
    const owner = ownerOf(crew.owner.id);
    const { id } = await createClone(api, { botId: crew.bot.id, owner });
    const clone = await untilMade(house, api, id);
    house.executor.exit(executionOf(clone).executionId, {
      kind: ExitKind.START_FAILED,
      message: 'no such program',
    });

    const { reason, message } = await reached(api, id, ClonePhase.FAILED);
    assert.deepEqual([reason, message], ['START_FAILED', 'no such program']);
  });

  for (const [name, bring] of DELETABLE) {
    it(`deletes a clone that is ${name}, twice over`, async () => {
      const keyId = await createKey(api, crew.owner.id, `delete-${name.toLowerCase()}`);
      const id = await bring(house, api, { ...wish, keyId });

      await Promise.all([1, 2].map(() => api.clones.deleteClone({ id, etag: '' })));

      const { execution } = await reached(api, id, ClonePhase.DELETED);
      await api.clones.deleteClone({ id, etag: '' });
      assert.equal(await isFree(api, keyId), true);
      assert.ok(!execution || execution.outcome, 'an execution without an outcome');
      const stop = api.clones.stopClone({ id, etag: '', external: undefined });
      assert.equal(await reasonOf(stop), 'CLONE_PHASE_CONFLICT');
    });
  }
});
