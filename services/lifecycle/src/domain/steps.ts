import { type ActionEnd, actionEnd } from './action.js';
import { isCleanupPending } from './changes.js';
import type { Clone } from './clone.js';
import type { Effect, Facts } from './facts.js';
import { type Move, move } from './move.js';
import { hasEnded, isGone } from './outcome.js';
import type { PhaseEvent } from './phases.js';

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
  /** How what somebody did to it has ended with this. Absent: it goes on, or there was nothing. */
  readonly actionEnd?: ActionEnd;
}

/** What the next step is chosen by. */
export interface Context {
  readonly clone: Clone;
  readonly facts: Facts;
  readonly why: Move;
}

const MIN_WAIT_MS = 500;
const MAX_WAIT_MS = 15_000;

/** To ask a peer for something. */
export function effect(name: Effect): Action {
  return { do: 'effect', effect: name };
}

/** To record the clone after an event. */
export function moved({ clone, why }: Context, event: PhaseEvent, cause: string): Action {
  return record({ clone, next: move(clone, event, why), cause });
}

interface Recording {
  readonly clone: Clone;
  readonly next: Clone;
  readonly cause: string;
  /** What happened. `clone.phase_changed` unless said otherwise. */
  readonly kind?: string;
}

/** To record a change of a clone, and with it the end of what somebody did to it. */
export function record({ clone, next, cause, kind = 'clone.phase_changed' }: Recording): Action {
  const end = actionEnd(clone, next);
  if (!end) return { do: 'record', change: { next, kind, cause } };
  const { action: _, ...rest } = next;
  return { do: 'record', change: { next: rest, kind, cause, actionEnd: end } };
}

/** To wait for a while that grows with the time already waited, and no longer than the deadline. */
export function wait({ clone, facts: { now } }: Context): Action {
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

/** How much of what a clone has is taken back. `workload`: all but its key and its storage. */
export type Extent = 'signing' | 'workload' | 'all';

/**
 * The next thing to take back from a clone, or undefined when nothing is left.
 *
 * The order is what keeps keys safe: first no signature is made any more, then nothing runs any
 * more, and only then the storage goes, and the key is free for another clone.
 */
export function takeBack(context: Context, extent: Extent): Action | undefined {
  const { clone, facts } = context;
  if (!clone.execution) return undefined;
  if (maySign(clone) && !facts.signingIsStopped) return effect('revoke_grant');

  const { workload, asked } = facts;
  const isDone = workload && (extent === 'signing' ? hasEnded(workload) : isGone(workload));
  const wanted = extent === 'signing' ? 'stop_execution' : 'delete_executions';
  if (!isDone) return asked === wanted ? wait(context) : effect(wanted);
  if (extent !== 'all') return undefined;

  if (!facts.storageIsGone) {
    return facts.storageIsGone === undefined ? effect('delete_storage') : wait(context);
  }
  if (clone.keyId && !facts.keyIsReleased) return effect('release_key');
  return undefined;
}

/** An outcome is set after signing was stopped, unless that was given up. */
function maySign(clone: Clone): boolean {
  if (clone.keyId === '') return false;
  return clone.execution?.outcome === undefined || isCleanupPending(clone);
}
