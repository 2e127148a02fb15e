// Goal: the life of a clone, as its user and its runner see it.
// Method: real lifecycle, teams and keys on a real database; the executor is played on a real socket.

import assert from 'node:assert/strict';
import { type Clone, ClonePhase, OutcomeKind } from '@ramet/proto-gen/lifecycle.v1';
import { type Api, createClone, createKey, openHouse, ownerOf } from './testing/house.js';
import { QUIET_BEAT, QUIET_END } from './testing/steps.js';

const REPORT = { success: true, message: 'done', metrics: [] };

describe('the life of a clone', () => {
  it('runs, signs off, rests with its key, and frees everything when it is deleted', async () => {
    await using house = await openHouse();
    const { bot, owner } = await house.createCrew('life');
    const api = house.as(owner.token);
    const keyId = await createKey(api, owner.id, 'paper');

    const made = await createClone(api, { botId: bot.id, owner: ownerOf(owner.id), keyId });
    assert.equal(made.phase, ClonePhase.ACCEPTED);

    const provisioned = await reached(api, made.id, ClonePhase.PROVISIONING);
    const runner = await house.asRunner(provisioned);
    const { id: executionId = '', epoch = 0 } = provisioned.execution ?? {};
    const report = { executionId, epoch, instance: 'runner-1', progress: undefined };
    await runner.reports.updateExecution({ ...QUIET_BEAT, ...report, started: true });
    await reached(api, made.id, ClonePhase.RUNNING);

    await runner.reports.completeCloneExecution({
      ...QUIET_END,
      executionId,
      epoch,
      report: REPORT,
    });
    house.executor.run(executionId);
    house.executor.exit(executionId, { exitCode: 0 });
    const rested = await reached(api, made.id, ClonePhase.COMPLETED);
    assert.equal(rested.execution?.outcome?.kind, OutcomeKind.SUCCEEDED);
    assert.equal(await isFree(api, keyId), false);

    await api.clones.deleteClone({ id: made.id, etag: '' });
    const deleted = await reached(api, made.id, ClonePhase.DELETED);
    assert.ok(deleted.deleteTime);
    assert.equal(await isFree(api, keyId), true);
    assert.equal(await used(api, owner.id), 0n);
  });
});

async function reached(api: Api, id: string, phase: ClonePhase): Promise<Clone> {
  const { clone } = await api.clones.waitClone({ id, phases: [phase] });
  if (!clone) throw new Error('no clone came back');
  return clone;
}

async function isFree(api: Api, keyId: string): Promise<boolean> {
  const asked = { owner: undefined, keyId, pageSize: 1, pageToken: '' };
  const { keys } = await api.keys.listAvailableKeys(asked);
  return keys.length > 0;
}

async function used(api: Api, ownerId: string): Promise<bigint> {
  const { quotas } = await api.clones.getQuota({ owner: ownerOf(ownerId) });
  return quotas[0]?.used ?? -1n;
}
