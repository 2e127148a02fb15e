import { conflict } from '@ramet/errors';
import {
  type Clone,
  type Execution,
  hasRun,
  type Move,
  move,
  type Outcome,
  type Report,
} from './clone.js';
import { outcomeOf, STOP_REQUESTED, settledBy, type Workload } from './outcome.js';
import { isAtRest } from './phases.js';

/** The condition of a clone at rest that has not given everything back yet. */
export const CLEANUP_PENDING = 'CLEANUP_PENDING';

/** The clone after its user asked to stop it. Asking again, or after the end, changes nothing. */
export function askToStop(clone: Clone): Clone {
  if (clone.desired === 'DELETED') {
    const subject = { kind: 'clone', id: clone.id };
    throw conflict('CLONE_PHASE_CONFLICT', subject, `the clone is being deleted: ${clone.id}`);
  }
  if (clone.desired === 'STOPPED' || isAtRest(clone.phase)) return clone;
  return { ...clone, desired: 'STOPPED' };
}

/** The clone after its user asked to delete it. Asking again has a failed cleanup tried at once. */
export function askToDelete(clone: Clone, at: Date): Clone {
  const isStuck = clone.phase === 'CLEANUP_FAILED' && (clone.deadlineAt ?? at) > at;
  if (clone.desired === 'DELETED') return isStuck ? { ...clone, deadlineAt: at } : clone;
  return { ...clone, desired: 'DELETED' };
}

/** The clone with the first report of its current execution. Later ones change nothing. */
export function withReport(clone: Clone, report: Report): Clone {
  const { execution } = clone;
  if (!execution || execution.report || execution.outcome) return clone;
  return { ...clone, execution: { ...execution, report } };
}

/** The clone with an execution of the next epoch. */
export function begun(clone: Clone, executionId: string, why: Move): Clone {
  const epoch = clone.epoch + 1;
  const execution = { id: executionId, cloneId: clone.id, epoch, createdAt: why.at };
  return move({ ...clone, epoch, execution }, 'begin', why);
}

/** The clone whose workload was seen to run, or to have run. */
export function seenToRun(clone: Clone, startedAt: Date): Clone {
  return withExecution(clone, { startedAt: clone.execution?.startedAt ?? startedAt });
}

/** The clone after its workload's end was observed. */
export function ended(clone: Clone, workload: Workload | 'none', why: Move): Clone {
  const times = workload === 'none' ? {} : timesOf(workload, why.at);
  const next = withExecution(clone, { ...times, ...startOf(clone) });
  const reason = clone.desired === 'STOPPED' ? STOP_REQUESTED : '';
  return move(next, 'ended', { reason, ...why });
}

function startOf({ execution }: Clone): Pick<Execution, 'startedAt'> {
  return execution?.startedAt ? { startedAt: execution.startedAt } : {};
}

function timesOf(workload: Workload, at: Date): Pick<Execution, 'startedAt' | 'endedAt'> {
  const { startedAt, exit } = workload;
  if (!startedAt || exit?.kind === 'START_FAILED') return {};
  return { startedAt, endedAt: workload.endedAt ?? at };
}

function withExecution(clone: Clone, change: Partial<Execution>): Clone {
  if (!clone.execution) return clone;
  return { ...clone, execution: { ...clone.execution, ...change } };
}

/** The clone with the outcome of its execution. The first outcome stays. */
function withOutcome(clone: Clone, workload: Workload | 'none' | undefined): Clone {
  if (!clone.execution || clone.execution.outcome) return clone;
  const endedAt = hasRun(clone) && workload && workload !== 'none' ? workload.endedAt : undefined;
  return withExecution(clone, {
    ...(endedAt && !clone.execution.endedAt && { endedAt }),
    outcome: outcomeOf(clone, workload),
  });
}

/** The clone at rest, after what it had was taken back. */
export function settled(clone: Clone, workload: Workload | 'none' | undefined, why: Move): Clone {
  const next = withOutcome(clone, workload);
  const outcome = next.execution?.outcome ?? outcomeOf(clone, workload);
  const { reason, message } = whyOf(outcome);
  return move(next, settledBy(outcome), { ...why, reason, message });
}

function whyOf({ reason, message }: Outcome): Pick<Outcome, 'reason' | 'message'> {
  return { reason, message };
}

/** The clone after it stayed in its phase for too long. `problem` is what stood in the way. */
export function expired(clone: Clone, problem: string, why: Move): Clone {
  const reason = clone.reason || 'DEADLINE_EXCEEDED';
  const message = `it was ${clone.phase} for too long${problem && `: ${problem}`}`;
  if (clone.phase === 'FINALIZING') return givenUp(clone, problem, { ...why, reason, message });
  if (clone.phase === 'CLEANUP_FAILED') return move(clone, 'expire', why);
  return move(clone, 'expire', { ...why, reason, message });
}

/** A clone that could not be finalized rests all the same; what is left to do stays a condition. */
function givenUp(clone: Clone, problem: string, why: Move): Clone {
  const pending = { type: CLEANUP_PENDING, message: problem, sinceAt: why.at };
  const failed = move(withOutcome(clone, undefined), 'expire', why);
  return { ...failed, conditions: [...failed.conditions, pending] };
}

/** The clone at rest that has given everything back at last. */
export function cleaned(clone: Clone): Clone {
  const conditions = clone.conditions.filter(({ type }) => type !== CLEANUP_PENDING);
  return { ...clone, conditions };
}

/** The clone of which nothing is left. */
export function removed(clone: Clone, workload: Workload | 'none' | undefined, why: Move): Clone {
  return { ...move(withOutcome(clone, workload), 'removed', why), deletedAt: why.at };
}

/** Tells whether something is left to take back from a clone at rest. */
export function isCleanupPending({ conditions }: Clone): boolean {
  return conditions.some(({ type }) => type === CLEANUP_PENDING);
}
