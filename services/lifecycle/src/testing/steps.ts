import assert from 'node:assert/strict';
import type { WorkloadExit } from '@ramet/proto-gen/executor.v1';
import { type Clone, ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import { systemClock } from '@ramet/service';
import { type Api, createClone, type House, ownerOf } from './house.js';

/** How long is waited for what is to come, on a machine that has much else to do. */
const LIMIT_MS = 60_000;

/** Waits until a clone is in a phase. */
export async function reached(
  { clones }: Api,
  id: string,
  ...phases: ClonePhase[]
): Promise<Clone> {
  const { clone } = await clones.waitClone({ id, phases }, { timeoutMs: LIMIT_MS });
  return clone ?? assert.fail('no clone came back');
}

/** A clone as it is now. */
export async function got({ clones }: Api, id: string): Promise<Clone> {
  const { clone } = await clones.getClone({ id, asOf: undefined });
  return clone ?? assert.fail('no clone came back');
}

/** All that has happened, whoever did it. */
export const WHOLE_PAST = { kinds: [], actor: '', startTime: undefined, endTime: undefined };

/** What a runner tells beside the report, when there is nothing to tell. */
export const QUIET_END = { outputTail: Buffer.alloc(0), resultsProblem: '' };

/** What a runner tells with a heartbeat, when there is nothing to tell. */
export const QUIET_BEAT = { health: undefined, endpoints: [] };

/** The runner of a clone claims its execution, as instance `runner-1` unless said otherwise. */
export async function claim(house: House, clone: Clone, instance = 'runner-1'): Promise<void> {
  const { reports } = await house.asRunner(clone);
  await reports.updateExecution({
    ...executionOf(clone),
    ...QUIET_BEAT,
    instance,
    started: true,
    progress: undefined,
  });
}

/** The execution that a clone has. */
export function executionOf({ execution }: Clone): { executionId: string; epoch: number } {
  if (!execution) return assert.fail('the clone has no execution');
  return { executionId: execution.id, epoch: execution.epoch };
}

/** Waits for a clone's workload to be made, has it run and be claimed. */
export async function start(house: House, api: Api, id: string): Promise<Clone> {
  const clone = await untilMade(house, api, id);
  await claim(house, clone);
  return reached(api, id, ClonePhase.RUNNING);
}

/** Waits until the executor has a clone's workload, and has it run. */
export async function untilMade(house: House, api: Api, id: string): Promise<Clone> {
  const clone = await reached(api, id, ClonePhase.PROVISIONING);
  const { executionId } = executionOf(clone);
  await until(() => house.executor.workloads.has(executionId));
  house.executor.run(executionId);
  return clone;
}

/** A clone's workload ends, as its executor sees it. */
export function exit(house: House, clone: Clone, how: Partial<WorkloadExit>): void {
  house.executor.exit(executionOf(clone).executionId, how);
}

/** A personal clone that runs. */
export async function createRunning(
  house: House,
  api: Api,
  wish: { readonly botId: string; readonly ownerId: string; readonly keyId?: string },
): Promise<Clone> {
  const { botId, ownerId, keyId = '' } = wish;
  const { id } = await createClone(api, { botId, owner: ownerOf(ownerId), keyId });
  return start(house, api, id);
}

/** How many clones an owner has, as their quota counts. */
export async function used({ clones }: Api, ownerId: string): Promise<number> {
  const { quotas } = await clones.getQuota({ owner: ownerOf(ownerId) });
  return Number(quotas[0]?.used ?? -1n);
}

/** Tells whether a key can be given to a clone. */
export async function isFree({ keys }: Api, keyId: string): Promise<boolean> {
  const asked = { owner: undefined, keyId, pageSize: 1, pageToken: '' };
  return (await keys.listAvailableKeys(asked)).keys.length > 0;
}

/** The reason for which a call fails. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (thrown) {
    if (thrown instanceof RemoteError) return thrown.reason || thrown.code;
    throw thrown;
  }
  return 'ok';
}

/** Waits for something that the API has no wait for. */
export async function until(isThere: () => boolean | Promise<boolean>): Promise<void> {
  const start = systemClock.elapsed();
  while (!(await isThere())) {
    assert.ok(systemClock.elapsed() - start < LIMIT_MS, 'it did not come');
    await systemClock.sleep(5);
  }
}
