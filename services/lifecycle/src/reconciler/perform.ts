import type { Deps, ExecutionKey, WorkloadWish } from '../deps.js';
import { type Clone, isEndless } from '../domain/clone.js';
import type { Effect, Facts } from '../domain/facts.js';
import { isGone, type Workload } from '../domain/outcome.js';
import { running } from '../domain/run.js';
import { signUntil } from '../domain/sign-until.js';

type Needs = Pick<Deps, 'keys' | 'executor' | 'runners' | 'failpoints'>;

/** What an effect has brought to light. */
export type News = Partial<Facts>;

/**
 * Does one thing outside, and tells what came back.
 *
 * Every effect may be repeated: what it finds done already counts as done. After each of them a
 * crash is possible before anything of it is recorded, and the next pass does it again.
 */
export function perform(
  needs: Needs,
): (effect: Effect, clone: Clone, signal: AbortSignal) => Promise<News> {
  return (effect, clone, signal) => EFFECTS[effect](needs, clone, signal);
}

type Performer = (needs: Needs, clone: Clone, signal: AbortSignal) => Promise<News>;

const EFFECTS: Readonly<Record<Effect, Performer>> = {
  async list_key({ keys, failpoints }, { keyId, owner, creatorId }, signal) {
    const keyIsListed = await keys.isAvailable({ keyId, owner, creatorId }, signal);
    failpoints.hit('lifecycle.key_listed');
    return { keyIsListed };
  },
  async authorize_key({ keys, failpoints }, clone, signal) {
    const { keyId, maxSignatures, keyLimits } = clone;
    const until = signUntil(clone);
    const wish = { ...executionOf(clone), keyId, maxSignatures, keyLimits, until };
    const answer = await keys.authorize(wish, signal);
    failpoints.hit('lifecycle.key_authorized');
    return 'refusal' in answer ? answer : { keyIsGranted: true };
  },
  async find_execution({ executor }, clone, signal) {
    const workload = await executor.find(executionOf(clone), signal);
    return workload === 'none' ? { isUnmade: true } : { workload };
  },
  async create_execution({ executor, failpoints }, clone, signal) {
    const answer = await executor.create(wishOf(clone), signal);
    failpoints.hit('lifecycle.execution_created');
    return 'refusal' in answer ? answer : { workload: answer.value };
  },
  async read_execution({ executor }, clone, signal) {
    return { workload: await executor.find(executionOf(clone), signal) };
  },
  async revoke_grant({ keys, failpoints }, clone, signal) {
    await keys.revoke(executionOf(clone).executionId, signal);
    failpoints.hit('lifecycle.grant_revoked');
    return { signingIsStopped: true };
  },
  async stop_execution({ executor, failpoints }, clone, signal) {
    const workload = await executor.stop(executionOf(clone), signal);
    failpoints.hit('lifecycle.execution_stopped');
    return { workload, asked: 'stop_execution' };
  },
  async delete_executions({ executor, runners, failpoints }, clone, signal) {
    const workload = await removeAll({ executor, runners }, clone, signal);
    failpoints.hit('lifecycle.execution_deleted');
    return { workload, asked: 'delete_executions' };
  },
  async delete_storage({ executor, failpoints }, { id }, signal) {
    const storageIsGone = await executor.removeStorage(id, signal);
    failpoints.hit('lifecycle.storage_deleted');
    return { storageIsGone };
  },
  async release_key({ keys, failpoints }, { id, keyId }, signal) {
    await keys.release(keyId, id, signal);
    failpoints.hit('lifecycle.key_released');
    return { keyIsReleased: true };
  },
};

/** Removes what is left of all executions. Tells of the current one, gone only if all are. */
async function removeAll(
  { executor, runners }: Pick<Needs, 'executor' | 'runners'>,
  clone: Clone,
  signal: AbortSignal,
): Promise<Workload | 'none'> {
  const current = executionOf(clone);
  const executions = current.epoch === 1 ? [] : await runners.listExecutions(clone.id);
  const former = executions.filter(({ id }) => id !== current.executionId);
  const removals = former.map(({ id, epoch }) =>
    executor.remove({ cloneId: clone.id, executionId: id, epoch }, signal),
  );
  const [workload, ...others] = await Promise.all([executor.remove(current, signal), ...removals]);
  if (workload === 'none' || others.every(isGone)) return workload;
  return { ...workload, state: 'REMOVING' };
}

/** What the executor is to run: the current stage of what the clone runs, or is updated to. */
function wishOf(clone: Clone): WorkloadWish {
  const { parameters, overrides, limits, stages } = running(clone);
  const stage = stages.find(({ name }) => name === clone.execution?.stage);
  if (!stage) throw new Error(`the clone has no such stage: ${clone.id}`);
  const isFetched = stage.work.kind === 'fetch_inputs';
  return {
    ...executionOf(clone),
    keyId: clone.keyId,
    stage,
    isEndless: isEndless(clone),
    parameters,
    overrides,
    limits: { ...limits, ...stage.limits },
    inputs: isFetched ? clone.inputs : [],
    isFresh: clone.freshStorage && clone.epoch === clone.runEpoch,
  };
}

function executionOf({ id, epoch, execution }: Clone): ExecutionKey {
  if (!execution) throw new Error(`the clone has no execution: ${id}`);
  return { cloneId: id, executionId: execution.id, epoch };
}
