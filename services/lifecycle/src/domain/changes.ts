import type { Clone, Endpoint, Execution, Outcome, Report } from './clone.js';
import { hasCondition, withCondition, withoutCondition } from './conditions.js';
import type { Facts } from './facts.js';
import { enter, type Move, move } from './move.js';
import { outcomeOf, settledBy, stopReasonOf, type Workload } from './outcome.js';
import { outcomeOfRun, stageEnded, withRun, withSkipped } from './run.js';
import { OF_SIGNING } from './signing.js';

/** The condition of a clone at rest that has not given everything back yet. */
export const CLEANUP_PENDING = 'CLEANUP_PENDING';

/** The condition of a clone whose last update failed: it runs what it ran before. */
export const UPDATE_FAILED = 'UPDATE_FAILED';

/** The condition of a clone that could not be suspended or archived. */
export const NOT_PUT_DOWN = 'NOT_PUT_DOWN';

/** The conditions that say what a probe has found. */
const AVAILABLE = 'AVAILABLE';
const UNAVAILABLE = 'UNAVAILABLE';

/** The condition of a clone whose time is over. */
export const EXPIRED = 'EXPIRED';

/** The condition of a clone that did nothing for too long. */
export const IDLE = 'IDLE';

/** The condition of a clone that an admin has deleted although something of it may be left. */
export const FORCED = 'FORCED';

/** The condition of a clone whose results did not all arrive. */
export const RESULTS_INCOMPLETE = 'RESULTS_INCOMPLETE';

const PROBED = [AVAILABLE, UNAVAILABLE];
/** The conditions that end with what they were said of. */
export const OF_A_RUN = [...PROBED, NOT_PUT_DOWN, IDLE, RESULTS_INCOMPLETE, ...OF_SIGNING];

/** The clone with the first report of its current execution. Later ones change nothing. */
export function withReport(clone: Clone, report: Report): Clone {
  const { execution } = clone;
  if (!execution || execution.report || execution.outcome) return clone;
  return { ...clone, execution: { ...execution, report } };
}

/** The clone whose workload was seen to run, or to have run. */
export function seenToRun(clone: Clone, startedAt: Date): Clone {
  if (clone.execution?.startedAt) return clone;
  const seen = withExecution(clone, { startedAt });
  return { ...seen, startedAt: clone.startedAt ?? startedAt };
}

/** The clone that is up: what it was being updated to is what it runs. */
export function started(clone: Clone, endpoints: readonly Endpoint[], why: Move): Clone {
  const { formerPhase: _, ...rest } = clone;
  return move({ ...promoted(rest), endpoints }, 'started', why);
}

/** The clone that runs what it was being updated to, if it was. */
function promoted(clone: Clone): Clone {
  const { candidate, ...rest } = clone;
  const release = candidate ?? clone.release;
  const isProven = !clone.stages.some(({ state, name }) => {
    const stage = release.stages.find((spec) => spec.name === name);
    return stage?.oncePerRelease && (state === 'WAITING' || state === 'ACTIVE');
  });
  const next = {
    ...rest,
    release,
    provenRelease: isProven ? release.number : clone.provenRelease,
  };
  return candidate ? withoutCondition(next, UPDATE_FAILED) : next;
}

/** The clone with what its probe has found. A check that fails does not fail what runs. */
export function withHealth(clone: Clone, { health, now }: Pick<Facts, 'health' | 'now'>): Clone {
  if (!health) return clone;
  const [is, isNot] = health.ready ? [AVAILABLE, UNAVAILABLE] : [UNAVAILABLE, AVAILABLE];
  return withCondition(withoutCondition(clone, isNot), is, health.message, now);
}

/** The clone after its workload's end was observed. */
export function ended(clone: Clone, workload: Workload | 'none', why: Move): Clone {
  const next = withEndTimes(clone, workload, why.at);
  const asked = clone.desired === 'STOPPED' ? stopReasonOf(clone) : '';
  const reason = clone.reason || asked;
  return move(withSkipped(next), 'ended', { message: clone.message, ...why, reason });
}

/** The clone with what is known of the times of its execution. */
function withEndTimes(clone: Clone, workload: Workload | 'none', at: Date): Clone {
  if (workload === 'none') return clone;
  const { startedAt, endedAt, exit } = workload;
  if (!startedAt || exit?.kind === 'START_FAILED') return clone;
  const seen = seenToRun(clone, startedAt);
  return withExecution(seen, { endedAt: seen.execution?.endedAt ?? endedAt ?? at });
}

function withExecution(clone: Clone, change: Partial<Execution>): Clone {
  if (!clone.execution) return clone;
  return { ...clone, execution: { ...clone.execution, ...change } };
}

/** The clone with the outcome of its execution, and of the stage. The first outcome stays. */
export function withOutcome(
  clone: Clone,
  workload: Workload | 'none' | undefined,
  at: Date,
): Clone {
  if (!clone.execution || clone.execution.outcome) return clone;
  const next = withEndTimes(clone, workload ?? 'none', at);
  const outcome = outcomeOf(next, workload);
  return stageEnded(withExecution(next, { outcome }), outcome);
}

/** The clone at rest, after what it had was taken back. */
export function settled(clone: Clone, workload: Workload | 'none' | undefined, why: Move): Clone {
  const next = withSkipped(withOutcome(clone, workload, why.at));
  const outcome = outcomeOfRun(next) ?? outcomeOf(clone, workload);
  const { reason, message } = whyOf(outcome);
  // What it was updated to may have ended well before it was seen to be up.
  const isMade =
    outcome.kind === 'SUCCEEDED' && clone.execution?.release === clone.candidate?.number;
  const { candidate: _, ...rest } = isMade ? promoted(next) : next;
  return move(withoutCondition(rest, AVAILABLE, UNAVAILABLE), settledBy(outcome), {
    ...why,
    reason,
    message,
  });
}

function whyOf({ reason, message }: Outcome): Pick<Outcome, 'reason' | 'message'> {
  return { reason, message };
}

/** The clone after it stayed in its phase for too long. `problem` is what stood in the way. */
export function expired(clone: Clone, problem: string, why: Move): Clone {
  const late = { ...why, ...lateness(clone, problem) };
  if (clone.phase === 'FINALIZING') return givenUp(clone, problem, late);
  if (clone.phase === 'CLEANUP_FAILED') return move(clone, 'expire', why);
  return move(clone, 'expire', late);
}

/** Why a clone has to leave its phase, when it stayed there for too long. */
export function lateness(clone: Clone, problem: string): Pick<Move, 'reason' | 'message'> {
  return {
    reason: clone.reason || 'DEADLINE_EXCEEDED',
    message: `it was ${clone.phase} for too long${problem && `: ${problem}`}`,
  };
}

/** What stood in the way of a clone that was late, as `lateness` tells it. Empty: nothing is told. */
export function problemOfLateness(message: string): string {
  return /^it was [A-Z_]+ for too long: (.*)$/s.exec(message)?.[1] ?? '';
}

/** A clone that could not be finalized rests all the same; what is left to do stays a condition. */
function givenUp(clone: Clone, problem: string, why: Move): Clone {
  const { candidate: _, ...rest } = withSkipped(withOutcome(clone, undefined, why.at));
  const failed = move(withoutCondition(rest, AVAILABLE, UNAVAILABLE), 'expire', why);
  return withCondition(failed, CLEANUP_PENDING, problem, why.at);
}

/** The clone at rest that has given everything back at last. */
export function cleaned(clone: Clone): Clone {
  return withoutCondition(clone, CLEANUP_PENDING);
}

/** The clone of which nothing is left, or nothing that is looked for any more. */
export function removed(
  clone: Clone,
  workload: Workload | 'none' | undefined,
  { event, ...why }: Move & { readonly event: 'removed' | 'give_up' },
): Clone {
  const over = withSkipped(withOutcome(clone, workload, why.at));
  const { candidate: _, action: __, restart: ___, ...rest } = over;
  const gone = withoutCondition(rest, CLEANUP_PENDING, AVAILABLE, UNAVAILABLE);
  return { ...move({ ...gone, endpoints: [] }, event, why), deletedAt: why.at };
}

/** The clone that is about to be updated: its workload is ended first. */
export function updating(clone: Clone, why: Move): Clone {
  return move(withRun({ ...clone, endpoints: [] }), 'update', why);
}

/** The clone whose update has failed: its last good release is started again. */
export function rolledBack(clone: Clone, problem: string, why: Move): Clone {
  const { candidate, ...rest } = clone;
  const message = `release ${candidate?.number ?? 0} did not start: ${problem}`;
  const back = withCondition(withRun(rest), UPDATE_FAILED, message, why.at);
  return enter(back, 'UPDATING', { ...why, reason: UPDATE_FAILED, message });
}

/**
 * The clone whose workload is ended so that the stages that always run can still run: those of what
 * it runs. An update that has not begun is not made.
 */
export function halted(clone: Clone, why: Move): Clone {
  const { candidate: _, ...rest } = clone;
  return move(rest, 'halt', why);
}

/** The ended clone at the start of another run. */
export function restarted(clone: Clone, why: Move): Clone {
  const { restart, ...rest } = withoutCondition(clone, ...OF_A_RUN, UPDATE_FAILED);
  const fresh = restart === 'fresh';
  const run = withRun(fresh ? { ...rest, provenRelease: 0 } : rest, { fresh });
  return move(run, 'restart', why);
}

/** The ended clone that is not run again after all: what was done to it is over with that. */
export function withoutRestart(clone: Clone): Clone {
  if (!clone.restart) return clone;
  const { restart: _, action: __, ...rest } = clone;
  return rest;
}

/** Tells whether something is left to take back from a clone at rest. */
export function isCleanupPending(clone: Clone): boolean {
  return hasCondition(clone, CLEANUP_PENDING);
}
