import {
  begun,
  cleaned,
  ended,
  expired,
  isCleanupPending,
  removed,
  seenToRun,
  settled,
} from './changes.js';
import { type Clone, hasRun, type Move, move } from './clone.js';
import { hasEnded, isGone, STOP_REQUESTED, type Workload } from './outcome.js';
import type { Deadlines, PhaseEvent } from './phases.js';

/** What is known when the next action is chosen: read, or come back from the actions before. */
export interface Facts {
  /** The database's time. */
  readonly now: Date;
  /** What the next execution would be called. */
  readonly nextExecutionId: string;
  /** When the runner of the current execution claimed it. */
  readonly claimedAt?: Date;
  /** What stood in the way the last time. Empty: nothing did. */
  readonly problem: string;
  readonly keyIsListed?: boolean;
  readonly keyIsGranted?: true;
  readonly signingIsStopped?: true;
  readonly keyIsReleased?: true;
  /** The workload of the current execution; for what ends, `none` stands for gone without a trace. */
  readonly workload?: Workload | 'none';
  /** What the workload was asked for last. */
  readonly asked?: Effect;
  /** Why a peer will never do what was asked of it. */
  readonly refusal?: Refusal;
}

/** A peer's no, which asking again does not change. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** What to ask of a peer. Every one of them is safe to repeat. */
export type Effect =
  | 'list_key'
  | 'authorize_key'
  | 'create_execution'
  | 'read_execution'
  | 'revoke_grant'
  | 'stop_execution'
  | 'delete_executions'
  | 'release_key';

/** What to do with a clone next. */
export type Action =
  | { readonly do: 'effect'; readonly effect: Effect }
  | { readonly do: 'record'; readonly change: Change }
  /** Nothing until then, unless something happens. `undefined`: until something happens. */
  | { readonly do: 'wait'; readonly ms: number | undefined };

/** A change of a clone, ready to be recorded. */
export interface Change {
  readonly next: Clone;
  /** What happened, as in the history. */
  readonly kind: string;
  readonly cause: string;
  /** Whether what the clone counted for is given back with this change. */
  readonly freesQuota: boolean;
}

const MIN_WAIT_MS = 500;
const MAX_WAIT_MS = 15_000;

/** Chooses the one next thing to do with a clone. Pure: the same facts give the same action. */
export function plan(clone: Clone, facts: Facts, deadlines: Deadlines): Action {
  const context = { clone, facts, why: { at: facts.now, deadlines } };
  return wishes(context) ?? inPhase(context);
}

interface Context {
  readonly clone: Clone;
  readonly facts: Facts;
  readonly why: Move;
}

/** What users or time have decided, whatever the phase would do. */
function wishes({ clone, facts, why }: Context): Action | undefined {
  const { phase, desired, deadlineAt } = clone;
  const isDeleting = ['DELETING', 'CLEANUP_FAILED', 'DELETED'].includes(phase);
  if (desired === 'DELETED' && !isDeleting) return moved(clone, 'delete', why, 'delete_requested');

  if (deadlineAt && deadlineAt <= facts.now) {
    return record(expired(clone, facts.problem, why), 'deadline');
  }
  const stops = ['ACCEPTED', 'PREPARING', 'PROVISIONING', 'RUNNING'].includes(phase);
  if (desired === 'STOPPED' && stops) {
    return moved(clone, 'stop', { ...why, reason: STOP_REQUESTED }, 'stop_requested');
  }
  return undefined;
}

function inPhase(context: Context): Action {
  const { clone, facts, why } = context;
  switch (clone.phase) {
    case 'ACCEPTED':
      return record(begun(clone, facts.nextExecutionId, why), 'begin');
    case 'PREPARING':
      return prepare(context);
    case 'PROVISIONING':
      return provision(context);
    case 'RUNNING':
      return watch(context);
    case 'STOPPING':
      return facts.workload ? untilEnded(context) : effect('stop_execution');
    case 'FINALIZING':
      return finalize(context);
    case 'COMPLETED':
    case 'STOPPED':
    case 'FAILED':
      return isCleanupPending(clone) ? cleanUp(context) : { do: 'wait', ms: undefined };
    case 'DELETING':
      return (
        takeBack(context, true) ?? record(removed(clone, facts.workload, why), 'removed', true)
      );
    case 'CLEANUP_FAILED':
      return wait(context);
    case 'DELETED':
      return { do: 'wait', ms: undefined };
  }
}

/** A key that is not listed may be held by this very clone, after a crash: the grant decides. */
function prepare({ clone, facts, why }: Context): Action {
  if (facts.refusal) return moved(clone, 'fail', { ...why, ...facts.refusal }, 'refused');
  if (!clone.keyId || facts.keyIsGranted) return moved(clone, 'prepared', why, 'prepared');
  return facts.keyIsListed === undefined ? effect('list_key') : effect('authorize_key');
}

function provision(context: Context): Action {
  const { clone, facts, why } = context;
  if (facts.refusal) return moved(clone, 'fail', { ...why, ...facts.refusal }, 'refused');

  const { workload, claimedAt } = facts;
  if (workload && hasEnded(workload)) return record(ended(clone, workload, why), 'ended');

  const startedAt = claimedAt ?? runningSince(workload);
  if (startedAt) return moved(seenToRun(clone, startedAt), 'started', why, 'started');
  return workload ? wait(context) : effect('create_execution');
}

function runningSince(workload: Workload | 'none' | undefined): Date | undefined {
  return workload && workload !== 'none' ? workload.startedAt : undefined;
}

function watch(context: Context): Action {
  const { workload } = context.facts;
  return workload ? untilEnded(context) : effect('read_execution');
}

function untilEnded(context: Context): Action {
  const { clone, facts, why } = context;
  const { workload } = facts;
  if (workload && hasEnded(workload)) return record(ended(clone, workload, why), 'ended');
  return wait(context);
}

/** What never ran gives everything back now; what ran keeps its key, name and quota until deleted. */
function finalize(context: Context): Action {
  const { clone, facts, why } = context;
  const next = takeBack(context, !hasRun(clone));
  return next ?? record(settled(clone, facts.workload, why), 'finalized', !hasRun(clone));
}

function cleanUp(context: Context): Action {
  const { clone } = context;
  const next = takeBack(context, !hasRun(clone));
  return (
    next ?? { do: 'record', change: change(cleaned(clone), 'clone.cleaned_up', '', !hasRun(clone)) }
  );
}

/**
 * The next thing to take back from a clone, or undefined when nothing is left.
 *
 * The order is what keeps keys safe: first no signature is made any more, then nothing runs any
 * more, and only then the key is free for another clone.
 */
function takeBack(context: Context, all: boolean): Action | undefined {
  const { clone, facts } = context;
  if (!clone.execution) return undefined;

  if (maySign(clone) && !facts.signingIsStopped) return effect('revoke_grant');

  const { workload, asked } = facts;
  const isDone = workload && (all ? isGone(workload) : hasEnded(workload));
  const wanted = all ? 'delete_executions' : 'stop_execution';
  if (!isDone) return asked === wanted ? wait(context) : effect(wanted);

  if (all && clone.keyId && !facts.keyIsReleased) return effect('release_key');
  return undefined;
}

/** An outcome is set after signing was stopped, unless that was given up. */
function maySign(clone: Clone): boolean {
  if (clone.keyId === '') return false;
  return clone.execution?.outcome === undefined || isCleanupPending(clone);
}

function effect(name: Effect): Action {
  return { do: 'effect', effect: name };
}

function moved(clone: Clone, event: PhaseEvent, why: Move, cause: string): Action {
  return record(move(clone, event, why), cause);
}

function record(next: Clone, cause: string, freesQuota = false): Action {
  return { do: 'record', change: change(next, 'clone.phase_changed', cause, freesQuota) };
}

function change(next: Clone, kind: string, cause: string, freesQuota: boolean): Change {
  return { next, kind, cause, freesQuota };
}

/** Waits for a while that grows with the time already waited, and no longer than the deadline. */
function wait({ clone, facts: { now } }: Context): Action {
  const deadlineMs = clone.deadlineAt && clone.deadlineAt.getTime() - now.getTime();
  const isQuiet = clone.phase === 'RUNNING' && !isEnding(clone);
  if (isQuiet || clone.phase === 'CLEANUP_FAILED') return { do: 'wait', ms: deadlineMs };

  const waitedMs = now.getTime() - clone.phaseAt.getTime();
  const ms = Math.min(Math.max(waitedMs / 2, MIN_WAIT_MS), MAX_WAIT_MS, deadlineMs ?? MAX_WAIT_MS);
  return { do: 'wait', ms };
}

/** A running clone is left alone: its executor tells when it ends. One that said so is looked at. */
function isEnding({ execution }: Clone): boolean {
  return execution?.report !== undefined;
}

/** What is known after a change was recorded, in the same pass. */
export function factsAfter(facts: Facts, { next }: Change): Facts {
  const isStarted = next.phase === 'RUNNING' && facts.workload === undefined;
  return isStarted ? { ...facts, workload: { state: 'RUNNING' } } : facts;
}
