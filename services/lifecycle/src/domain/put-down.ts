import { EXPIRED, lateness, NOT_PUT_DOWN, OF_A_RUN, withOutcome } from './changes.js';
import { type Clone, later } from './clone.js';
import { hasCondition, withCondition, withoutCondition } from './conditions.js';
import { type Move, move } from './move.js';
import type { Workload } from './outcome.js';
import type { Phase, PhaseEvent } from './phases.js';
import { nextStage, stagePaused, withRun } from './run.js';

// What suspends clones, puts them into the archive, and brings them back.

/** How long an archived clone is kept, where its policy does not say. */
const ARCHIVE_RETENTION_MS = 14 * 24 * 60 * 60_000;

/**
 * The clone that is about to be suspended or archived, and remembers where it came from, and why it
 * was there. An update that has not begun is not made, as when it is stopped.
 */
export function puttingDown(clone: Clone, event: 'suspend' | 'archive', why: Move): Clone {
  const { candidate: _, ...rest } = clone;
  return move({ ...rest, formerPhase: clone.phase }, event, { ...why, ...reasonOf(clone) });
}

function reasonOf({ reason, message }: Clone): Pick<Move, 'reason' | 'message'> {
  return { reason, message };
}

/** The clone that is suspended: its workload has ended, to be started again later. */
export function suspended(clone: Clone, workload: Workload | 'none', why: Move): Clone {
  const { formerPhase: _, ...rest } = putDown(clone, workload, why.at);
  const reason = hasCondition(clone, EXPIRED) && !isPausedByHand(clone) ? EXPIRED : '';
  return move(rest, 'suspended', { ...why, reason });
}

/** Tells whether somebody has asked to suspend a clone that is not suspended yet. */
export function isPausedByHand({ action, desired }: Clone): boolean {
  return desired === 'SUSPENDED' && action?.name === 'clones.suspend';
}

/** The clone that is archived: its workload is gone, and its storage is there. */
export function archived(clone: Clone, workload: Workload | 'none', why: Move): Clone {
  const { formerPhase: _, ...rest } = putDown(clone, workload, why.at);
  const dueAt = archiveEnd(clone, why.at);
  const deleteDueAt = rest.deleteDueAt && rest.deleteDueAt < dueAt ? rest.deleteDueAt : dueAt;
  return { ...move(rest, 'archived', why), deleteDueAt };
}

/** When a clone that is archived at a time is deleted for that. */
export function archiveEnd({ policy }: Clone, at: Date): Date {
  return later(at, policy.archiveRetentionMs ?? ARCHIVE_RETENTION_MS);
}

function putDown(clone: Clone, workload: Workload | 'none', at: Date): Clone {
  const next = withOutcome(stagePaused(clone), workload, at);
  return withoutCondition({ ...next, endpoints: [] }, ...OF_A_RUN);
}

const RETURN: Readonly<Partial<Record<Phase, PhaseEvent>>> = {
  RUNNING: 'return_running',
  SUSPENDED: 'return_suspended',
  COMPLETED: 'return_completed',
  STOPPED: 'return_stopped',
  FAILED: 'return_failed',
};

const WISH: Readonly<Partial<Record<Phase, Clone['desired']>>> = {
  RUNNING: 'RUNNING',
  SUSPENDED: 'SUSPENDED',
};

/**
 * The clone that could not be suspended or archived: it is what it was, and says so. What has expired
 * is not left to run: that is tried again.
 */
export function notPutDown(clone: Clone, problem: string, why: Move): Clone {
  const { formerPhase = 'RUNNING', ...rest } = clone;
  const { message = '' } = lateness(clone, problem);
  const isSpent = formerPhase === 'RUNNING' && hasCondition(clone, EXPIRED);
  const desired = isSpent ? 'SUSPENDED' : (WISH[formerPhase] ?? 'STOPPED');
  const told = withCondition({ ...rest, desired }, NOT_PUT_DOWN, message, why.at);
  return move(told, RETURN[formerPhase] ?? 'return_running', { ...why, ...reasonOf(clone) });
}

/** The suspended or archived clone on its way back. */
export function comingBack(clone: Clone, event: 'resume' | 'restore', why: Move): Clone {
  const { deleteDueAt, expireAt, ...rest } = withoutCondition(clone, NOT_PUT_DOWN);
  if (event === 'resume') return move(resumed(clone), event, why);
  // An expiry that an administrator has set without a trial is nothing to begin anew.
  const lifeMs = clone.policy.expireAfterMs;
  const renewed = {
    ...withoutCondition(rest, EXPIRED),
    ...(expireAt && { expireAt: lifeMs === undefined ? expireAt : later(why.at, lifeMs) }),
  };
  return move(withRun(renewed), event, why);
}

/** A run goes on where it was, unless its stages were all done, or are not those of its release. */
function resumed(clone: Clone): Clone {
  const next = withoutCondition(clone, NOT_PUT_DOWN);
  const isSame = next.execution?.release === next.release.number;
  return isSame && nextStage(next) ? next : withRun(next);
}
