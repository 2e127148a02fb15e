import { type Clone, isEndless, later } from './clone.js';
import { type Deadlines, nextPhase, type Phase, type PhaseEvent } from './phases.js';
import type { Limits } from './spec.js';

/** What a workload may use, where its clone does not say. */
const RUN_TIME_MS = 24 * 60 * 60_000;
export const GRACE_MS = 10_000;

/** When and why a clone moves. */
export interface Move {
  readonly at: Date;
  readonly deadlines: Deadlines;
  readonly reason?: string;
  readonly message?: string;
}

/** The clone after an event. Throws if its phase does not allow it. */
export function move(clone: Clone, event: PhaseEvent, why: Move): Clone {
  const phase = nextPhase(clone.phase, event);
  return phase === clone.phase ? clone : enter(clone, phase, why);
}

/** The clone at the start of a phase: also of the one that it is in. */
export function enter(clone: Clone, phase: Phase, why: Move): Clone {
  const { deadlineAt: _, ...rest } = clone;
  const deadlineMs = timeFor(clone, phase, why.deadlines);
  return {
    ...rest,
    phase,
    reason: why.reason ?? '',
    message: why.message ?? '',
    phaseAt: why.at,
    ...(deadlineMs !== undefined && { deadlineAt: later(why.at, deadlineMs) }),
  };
}

/** How long a clone may be in a phase, or undefined for a phase to stay in. */
function timeFor(clone: Clone, phase: Phase, deadlines: Deadlines): number | undefined {
  const { graceMs = GRACE_MS } = stageLimits(clone);
  switch (phase) {
    case 'RUNNING':
      return runTimeFor(clone, graceMs + deadlines.RUNNING);
    case 'PROVISIONING':
      return (clone.policy.startWithinMs ?? deadlines[phase]) + pauseOf(clone);
    case 'UPDATING':
    case 'RESUMING':
    case 'RESTORING':
      return (clone.policy.startWithinMs ?? deadlines[phase]) + graceMs;
    case 'STOPPING':
    case 'SUSPENDING':
    case 'ARCHIVING':
    case 'FINALIZING':
      return graceMs + deadlines[phase];
    case 'COMPLETED':
    case 'STOPPED':
    case 'FAILED':
    case 'SUSPENDED':
    case 'ARCHIVED':
    case 'DELETED':
      return undefined;
    case 'ACCEPTED':
    case 'PREPARING':
    case 'DELETING':
    case 'CLEANUP_FAILED':
      return deadlines[phase];
  }
}

function runTimeFor(clone: Clone, marginMs: number): number | undefined {
  const runTimeMs = runTimeOf(clone);
  return runTimeMs === undefined ? undefined : runTimeMs + marginMs;
}

/**
 * How long the current stage of a clone may run. One that is what its clone is for runs without an
 * end, unless it was given one.
 */
export function runTimeOf(clone: Clone): number | undefined {
  const { runTimeMs } = stageLimits(clone);
  return runTimeMs === undefined && isEndless(clone) ? undefined : (runTimeMs ?? RUN_TIME_MS);
}

/** The limits that hold for the current stage of a clone: its own over the release's. */
export function stageLimits(clone: Clone): Limits {
  const { limits, stages } = clone.candidate ?? clone.release;
  const name = clone.execution?.stage;
  return { ...limits, ...stages.find((stage) => stage.name === name)?.limits };
}

/** How long an execution was put off when it was made. */
function pauseOf({ execution }: Clone): number {
  const { notBefore, createdAt } = execution ?? {};
  return notBefore && createdAt ? notBefore.getTime() - createdAt.getTime() : 0;
}
