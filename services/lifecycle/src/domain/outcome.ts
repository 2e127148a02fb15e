import type { Clone, Outcome, Report } from './clone.js';
import type { PhaseEvent } from './phases.js';

/** What an executor knows of the workload of one execution. */
export interface Workload {
  readonly state: WorkloadState;
  /** How it ended, as it was observed. */
  readonly exit?: Exit;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
}

export const WORKLOAD_STATES = [
  'PENDING',
  'RUNNING',
  'STOPPING',
  'EXITED',
  'REMOVING',
  'REMOVED',
] as const;

export type WorkloadState = (typeof WORKLOAD_STATES)[number];

export const EXITS = [
  'EXITED',
  'SIGNALED',
  'STOPPED',
  'OUT_OF_MEMORY',
  'TIMED_OUT',
  'INTERRUPTED',
  'DISK_FULL',
  'START_FAILED',
  'LOST',
] as const;

/** How a workload ended, as it was observed. */
export interface Exit {
  readonly kind: (typeof EXITS)[number];
  readonly exitCode?: number;
  readonly signal: string;
  readonly message: string;
  /** What the workload said of its own end, as its runner kept it beside the exit. */
  readonly report?: Report;
}

/** The reason of a clone that had to leave a phase by its deadline. */
export const DEADLINE_EXCEEDED = 'DEADLINE_EXCEEDED';

/** The reason of a clone that its users have stopped. */
export const STOP_REQUESTED = 'STOP_REQUESTED';

/** Tells whether a workload has ended. One that is not there has. */
export function hasEnded(workload: Workload | 'none'): boolean {
  return workload === 'none' || ['EXITED', 'REMOVING', 'REMOVED'].includes(workload.state);
}

/** Tells whether nothing is left of a workload. */
export function isGone(workload: Workload | 'none'): boolean {
  return workload === 'none' || workload.state === 'REMOVED';
}

/**
 * How a clone's execution ended, from what was observed and what was said.
 *
 * What was observed decides: a workload that exited by itself is judged by its exit even if it was
 * asked to stop meanwhile, and nothing that it says makes a bad exit a good one.
 */
export function outcomeOf(clone: Clone, workload: Workload | 'none' | undefined): Outcome {
  const exit = workload === 'none' ? undefined : workload?.exit;
  const isStarted = clone.execution?.startedAt !== undefined;
  if (!isStarted && exit?.kind !== 'START_FAILED') return outcomeOfUnstarted(clone);
  if (clone.reason === DEADLINE_EXCEEDED) {
    return { ...detailsOf(exit), kind: 'TIMED_OUT', reason: 'TIMED_OUT', message: clone.message };
  }
  if (!exit) return lost('nobody saw how the workload ended');
  return outcomeOfExit(exit, clone);
}

function outcomeOfUnstarted(clone: Clone): Outcome {
  const { desired, reason, message, phase } = clone;
  const isAsked =
    isStopReason(reason) || (reason === '' && (desired !== 'RUNNING' || phase === 'UPDATING'));
  if (isAsked) {
    return { kind: 'STOPPED', reason: stopReasonOf(clone), message: 'it never ran', signal: '' };
  }
  return { kind: 'FAILED', reason: reason || 'NOT_STARTED', message, signal: '' };
}

/** The reasons for which a workload is asked to end. */
const STOP_REASONS = [STOP_REQUESTED, 'IDLE', 'REPLACED', 'SUSPENDED', 'ARCHIVED', 'DELETED'];

/** Tells whether this is why somebody, or policy, has a workload end. */
function isStopReason(reason: string): boolean {
  return STOP_REASONS.includes(reason);
}

/** Why the workload of a clone was asked to end. */
export function stopReasonOf({ phase, reason, conditions }: Clone): string {
  if (isStopReason(reason)) return reason;
  if (conditions.some(({ type }) => type === 'IDLE')) return 'IDLE';
  switch (phase) {
    case 'UPDATING':
      return 'REPLACED';
    case 'SUSPENDING':
      return 'SUSPENDED';
    case 'ARCHIVING':
      return 'ARCHIVED';
    case 'DELETING':
      return 'DELETED';
    default:
      return STOP_REQUESTED;
  }
}

function outcomeOfExit(exit: Exit, clone: Clone): Outcome {
  const details = detailsOf(exit);
  switch (exit.kind) {
    case 'EXITED':
      return outcomeOfCode(exit, clone.execution?.report ?? exit.report);
    case 'SIGNALED':
      return { ...details, kind: 'FAILED', reason: 'SIGNAL' };
    case 'STOPPED':
      return { ...details, kind: 'STOPPED', reason: stopReasonOf(clone) };
    case 'TIMED_OUT':
    case 'INTERRUPTED':
      return { ...details, kind: exit.kind, reason: exit.kind };
    case 'OUT_OF_MEMORY':
    case 'DISK_FULL':
    case 'START_FAILED':
      return { ...details, kind: 'FAILED', reason: exit.kind };
    case 'LOST':
      return lost(exit.message);
  }
}

function outcomeOfCode(exit: Exit, report: Report | undefined): Outcome {
  const details = detailsOf(exit);
  if (exit.exitCode === undefined) return lost(exit.message);
  const said = report && !report.success ? report.message : '';
  if (exit.exitCode !== 0) {
    return { ...details, kind: 'FAILED', reason: 'EXIT_CODE', message: details.message || said };
  }
  if (report && !report.success) {
    return { ...details, kind: 'FAILED', reason: 'REPORTED', message: said };
  }
  return { ...details, kind: 'SUCCEEDED', reason: '' };
}

function lost(message: string): Outcome {
  return { kind: 'FAILED', reason: 'LOST', message, signal: '' };
}

function detailsOf(exit: Exit | undefined): Omit<Outcome, 'kind' | 'reason'> {
  return {
    message: exit?.message ?? '',
    signal: exit?.signal ?? '',
    ...(exit?.exitCode !== undefined && { exitCode: exit.exitCode }),
  };
}

/** The event that brings a clone to rest with this outcome. */
export function settledBy({ kind }: Outcome): PhaseEvent {
  switch (kind) {
    case 'SUCCEEDED':
      return 'settle_completed';
    case 'STOPPED':
      return 'settle_stopped';
    case 'FAILED':
    case 'TIMED_OUT':
    case 'INTERRUPTED':
      return 'settle_failed';
  }
}
