import { ended, rolledBack, seenToRun, started, withHealth, withOutcome } from './changes.js';
import { BEHAVIOUR, type Clone, isEndless, type Outcome } from './clone.js';
import { hasEnded, type Workload } from './outcome.js';
import { nextPhase } from './phases.js';
import { activeStage, begun, nextStage, running } from './run.js';
import { type Action, type Context, effect, moved, record, wait } from './steps.js';

// What starts workloads and follows them to their end: one stage after the other.

/** Brings up what a clone has to run: its current stage, or the one that comes next. */
export function bringUp(context: Context): Action {
  const { clone, facts } = context;
  if (!activeStage(clone)) return goOn(context);
  if (facts.refusal) return refused(context);

  const { workload, claimedAt } = facts;
  if (workload && hasEnded(workload)) return afterEnd(context, workload);

  const startedAt = claimedAt ?? runningSince(workload);
  if (!startedAt) return workload ? wait(context) : make(context);
  return arrive(context, startedAt);
}

/**
 * Makes the workload of a clone, once its pause is over and its key is granted.
 *
 * What is made has its grant: a pass that does not know looks whether it is, before it asks again.
 */
function make(context: Context): Action {
  const { clone, facts } = context;
  const pauseMs = (clone.execution?.notBefore?.getTime() ?? 0) - facts.now.getTime();
  if (pauseMs > 0) return { do: 'wait', ms: pauseMs };
  if (!clone.keyId || facts.keyIsGranted) return effect('create_execution');
  return effect(facts.isUnmade ? 'authorize_key' : 'find_execution');
}

/** Goes on with what was seen to run: it is up once its probe says so. */
function arrive(context: Context, startedAt: Date): Action {
  const { clone, facts, why } = context;
  const seen = seenToRun(clone, startedAt);
  const isUp = isWell(seen, facts.health?.ready) && isWhatItIsFor(seen);
  if (isUp) {
    const next = started(withHealth(seen, facts), facts.endpoints ?? [], why);
    return record({ clone, next, cause: 'started' });
  }
  if (seen !== clone)
    return record({ clone, next: seen, cause: '', kind: 'clone.execution_started' });
  return facts.workload ? wait(context) : effect('read_execution');
}

function isWell(clone: Clone, ready: boolean | undefined): boolean {
  const stage = running(clone).stages.find(({ name }) => name === clone.execution?.stage);
  return stage?.probe === undefined || ready === true;
}

/** A clone that comes back, and does not complete, is up with its last stage. */
function isWhatItIsFor(clone: Clone): boolean {
  if (clone.phase === 'PROVISIONING' || BEHAVIOUR[clone.kind].completes) return true;
  return isEndless(clone);
}

/** Ends the execution that is left from before, or begins that of the next stage. */
function goOn(context: Context): Action {
  const { clone, facts } = context;
  if (clone.execution && !clone.execution.outcome) {
    const { workload } = facts;
    if (workload && hasEnded(workload)) return outcomeRecorded(context, workload);
    return facts.asked === 'stop_execution' ? wait(context) : effect('stop_execution');
  }
  return nextStage(clone) ? beginNext(context) : finish(context, 'none');
}

function beginNext({ clone, facts, why }: Context): Action {
  const phase = nextPhase(clone.phase, 'next');
  const next = begun(clone, facts.nextExecutionId, { ...why, phase });
  return record({ clone, next, cause: 'next_stage' });
}

/**
 * What follows the end of a workload: its stage is tried again, the next one runs, or all is over.
 *
 * Where more is to run, the outcome is recorded first, and signing has stopped before that.
 */
export function afterEnd(context: Context, workload: Workload | 'none'): Action {
  const { clone, facts, why } = context;
  if (!activeStage(clone)) return goOn(context);
  const next = withOutcome(clone, workload, why.at);
  const outcome = next.execution?.outcome;
  const isOver = !nextStage(next) && !isFailedUpdate(clone, next);
  if (isOver) return finish(context, workload);
  if (clone.keyId && !facts.signingIsStopped) return effect('revoke_grant');
  if (outcome && isFailedUpdate(clone, next)) return record(backFrom(context, next, outcome));
  return outcomeRecorded(context, workload);
}

function outcomeRecorded(context: Context, workload: Workload | 'none'): Action {
  const { clone, facts, why } = context;
  if (clone.keyId && !facts.signingIsStopped) return effect('revoke_grant');
  const next = withOutcome(clone, workload, why.at);
  return record({ clone, next, cause: 'ended', kind: 'clone.execution_ended' });
}

function finish({ clone, why }: Context, workload: Workload | 'none'): Action {
  return record({ clone, next: ended(clone, workload, why), cause: 'ended' });
}

/** Tells whether an update has failed with the end of a stage that is not tried again. */
function isFailedUpdate(before: Clone, next: Clone): boolean {
  const hasFailed = next.stages.some(({ state, always }) => state === 'FAILED' && !always);
  return before.phase === 'UPDATING' && before.candidate !== undefined && hasFailed;
}

function backFrom({ clone, why }: Context, next: Clone, outcome: Outcome) {
  const { execution } = next;
  const problem = [execution?.stage, outcome.reason, outcome.message].filter(Boolean).join(': ');
  return { clone, next: rolledBack(next, problem, why), cause: 'update_failed' };
}

/** A peer will never do what was asked: an update goes back, anything else fails. */
function refused(context: Context): Action {
  const { clone, facts, why } = context;
  const { reason, message } = facts.refusal ?? { reason: '', message: '' };
  if (clone.phase === 'UPDATING' && clone.candidate) {
    const next = rolledBack(clone, `${reason}: ${message}`, why);
    return record({ clone, next, cause: 'update_failed' });
  }
  return moved({ ...context, why: { ...why, reason, message } }, 'fail', 'refused');
}

function runningSince(workload: Workload | 'none' | undefined): Date | undefined {
  return workload && workload !== 'none' ? workload.startedAt : undefined;
}
