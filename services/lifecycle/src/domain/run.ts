import {
  BEHAVIOUR,
  type Clone,
  type Execution,
  isEndless,
  later,
  type Outcome,
  type StageStatus,
} from './clone.js';
import { enter, type Move } from './move.js';
import type { Phase } from './phases.js';
import type { Release } from './release.js';
import type { Failure, RetryPolicy } from './spec.js';

/** What a stage of a kind that completes has, where its template does not say: one execution. */
const ONCE: RetryPolicy = { maxExecutions: 1, on: [] };

/** What keeps the main stage of a kind that does not complete up. */
const KEPT_UP: RetryPolicy = { maxExecutions: 10, on: [] };

const BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 5 * 60_000;

/** What has run for that long was well: failures before it do not count any more. */
const SETTLED_MS = 10 * 60_000;

/** What a clone runs now, or is about to: its candidate while it is being updated. */
export function running({ candidate, release }: Clone): Release {
  return candidate ?? release;
}

/** The clone at the start of a run of all its stages. What a proven release needs once is skipped. */
export function withRun(clone: Clone, options: { readonly fresh?: boolean } = {}): Clone {
  const release = running(clone);
  const isProven = release.number === clone.provenRelease && !options.fresh;
  const stages = release.stages.map(({ name, always, oncePerRelease }): StageStatus => {
    const state = oncePerRelease && isProven ? 'SKIPPED' : 'WAITING';
    return { name, state, executions: 0, always };
  });
  return {
    ...clone,
    stages,
    runEpoch: clone.epoch + 1,
    freshStorage: options.fresh ?? false,
  };
}

/** The stage that has an execution which is not over, or is about to be tried again. */
export function activeStage({ stages }: Clone): StageStatus | undefined {
  return stages.find(({ state }) => state === 'ACTIVE');
}

/** The stage that runs next: after a failure or a stop, only one that always runs. */
export function nextStage(clone: Clone): StageStatus | undefined {
  const isBroken =
    clone.desired === 'STOPPED' || clone.stages.some(({ state }) => state === 'FAILED');
  return clone.stages.find(({ state, always }) => state === 'WAITING' && (always || !isBroken));
}

/** Tells whether a stage is left that runs even after a stop. */
export function hasAlwaysLeft({ stages }: Clone): boolean {
  return stages.some(({ state, always }) => always && state === 'WAITING');
}

/** Tells whether what runs now is left to its end, even after a stop. */
export function isUnstoppable(clone: Clone): boolean {
  return activeStage(clone)?.always ?? false;
}

/**
 * The clone with an execution of its next stage, in a phase.
 *
 * The deadline of a phase that it is in already stays, but for PROVISIONING: that is entered anew
 * with each stage.
 */
export function begun(clone: Clone, executionId: string, { phase, ...why }: Move & In): Clone {
  const next = nextStage(clone);
  if (!next) throw new Error(`a clone has nothing to run: ${clone.id}`);
  const epoch = clone.epoch + 1;
  const execution: Execution = {
    id: executionId,
    cloneId: clone.id,
    epoch,
    stage: next.name,
    release: running(clone).number,
    createdAt: why.at,
    ...pauseBefore(clone, next, why.at),
  };
  const stages = clone.stages.map((stage): StageStatus => {
    if (stage !== next) return stage;
    const { outcome: _, ...rest } = stage;
    return { ...rest, state: 'ACTIVE', executionId, epoch, executions: stage.executions + 1 };
  });
  const begun = { ...clone, epoch, execution, stages, endpoints: [] };
  return phase === clone.phase && phase !== 'PROVISIONING' ? begun : enter(begun, phase, why);
}

interface In {
  readonly phase: Phase;
}

function pauseBefore(clone: Clone, stage: StageStatus, at: Date): Pick<Execution, 'notBefore'> {
  if (stage.executions === 0) return {};
  const { backoffMs = BACKOFF_MS, maxBackoffMs = MAX_BACKOFF_MS } = retryOf(clone, stage.name);
  const ms = Math.min(backoffMs * 2 ** (stage.executions - 1), maxBackoffMs);
  return ms > 0 ? { notBefore: later(at, ms) } : {};
}

/** The clone after its current execution ended with an outcome. It may be tried again. */
export function stageEnded(clone: Clone, outcome: Outcome): Clone {
  const active = activeStage(clone);
  if (!active) return clone;
  const isRetried = isTriedAgain(clone, active, outcome);
  const ended: StageStatus = {
    ...active,
    outcome,
    state: stateAfter(clone, outcome, isRetried),
    executions: isRetried && wasSettled(clone) ? 1 : active.executions,
  };
  const stages = clone.stages.map((stage) => (stage === active ? ended : stage));
  return { ...clone, stages };
}

function stateAfter(clone: Clone, outcome: Outcome, isRetried: boolean): StageStatus['state'] {
  if (isRetried) return 'WAITING';
  return outcome.kind === 'SUCCEEDED' && !isEndless(clone) ? 'SUCCEEDED' : 'FAILED';
}

/** The clone whose run is over: what did not run in it, even of what always does, will not. */
export function withSkipped(clone: Clone): Clone {
  const stages = clone.stages.map((stage): StageStatus => {
    return stage.state === 'WAITING' ? { ...stage, state: 'SKIPPED' } : stage;
  });
  return { ...clone, stages };
}

/** The clone whose active stage was put down, to be taken up again later. */
export function stagePaused(clone: Clone): Clone {
  const stages = clone.stages.map((stage): StageStatus => {
    return stage.state === 'ACTIVE' ? { ...stage, state: 'WAITING', executions: 0 } : stage;
  });
  return { ...clone, stages };
}

/** Tells whether a stage is tried again after this end. Nothing is that users wanted ended. */
function isTriedAgain(clone: Clone, stage: StageStatus, outcome: Outcome): boolean {
  if (clone.desired !== 'RUNNING' || clone.phase === 'FINALIZING') return false;
  const failure = failureOf(clone, outcome);
  if (!failure) return false;
  const { maxExecutions, on } = retryOf(clone, stage.name);
  const isCovered = on.length === 0 || on.includes(failure);
  return (
    isCovered && (stage.executions < maxExecutions || (maxExecutions > 1 && wasSettled(clone)))
  );
}

function wasSettled(clone: Clone): boolean {
  const { startedAt, endedAt } = clone.execution ?? {};
  if (!startedAt || !endedAt || !isEndless(clone)) return false;
  return endedAt.getTime() - startedAt.getTime() >= SETTLED_MS;
}

function retryOf(clone: Clone, stageName: string): RetryPolicy {
  const stages = running(clone).stages;
  const stage = stages.find(({ name }) => name === stageName);
  if (stage?.retry) return stage.retry;
  const isMain = stages.at(-1)?.name === stageName;
  return isMain && !BEHAVIOUR[clone.kind].completes ? KEPT_UP : ONCE;
}

const FAILURE_OF: Readonly<Record<string, Failure>> = {
  EXIT_CODE: 'EXIT',
  DISK_FULL: 'EXIT',
  SIGNAL: 'SIGNAL',
  OUT_OF_MEMORY: 'OUT_OF_MEMORY',
  REPORTED: 'REPORTED',
  START_FAILED: 'START_FAILED',
  LOST: 'LOST',
};

/** What a failure was, or undefined for an end that is none, or that trying again cannot mend. */
function failureOf(clone: Clone, { kind, reason }: Outcome): Failure | undefined {
  switch (kind) {
    case 'SUCCEEDED':
      return isEndless(clone) ? 'EXIT' : undefined;
    case 'STOPPED':
    case 'INTERRUPTED':
      return 'LOST';
    case 'TIMED_OUT':
      return 'TIMED_OUT';
    case 'FAILED':
      return FAILURE_OF[reason];
  }
}

/** How a run ended: as the first stage that did not end well; stopped, if its last one did not run. */
export function outcomeOfRun({ stages, desired }: Clone): Outcome | undefined {
  const failed = stages.find(({ state }) => state === 'FAILED')?.outcome;
  if (failed?.kind === 'SUCCEEDED') return { ...failed, kind: 'FAILED', reason: 'EXITED' };
  if (failed) return failed;
  const last = stages.findLast(({ always }) => !always);
  if (desired === 'STOPPED' && last && last.state !== 'SUCCEEDED') {
    const message = 'it was stopped before its last stage';
    return { kind: 'STOPPED', reason: 'STOP_REQUESTED', message, signal: '' };
  }
  return stages.findLast(({ outcome }) => outcome !== undefined)?.outcome;
}
