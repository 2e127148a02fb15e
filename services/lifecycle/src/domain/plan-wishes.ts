import {
  expired,
  FORCED,
  halted,
  isCleanupPending,
  lateness,
  removed,
  restarted,
  rolledBack,
  updating,
} from './changes.js';
import type { Clone } from './clone.js';
import { hasCondition } from './conditions.js';
import { stopReasonOf } from './outcome.js';
import { ENDED_PHASES, type Phase } from './phases.js';
import { comingBack, notPutDown, puttingDown } from './put-down.js';
import { begun, hasAlwaysLeft, isUnstoppable } from './run.js';
import { type Action, type Context, moved, record } from './steps.js';

const GOING: readonly Phase[] = ['DELETING', 'CLEANUP_FAILED', 'DELETED'];
const STOPPABLE: readonly Phase[] = [
  'ACCEPTED',
  'PREPARING',
  'PROVISIONING',
  'RUNNING',
  'UPDATING',
  'RESUMING',
  'RESTORING',
];
const STARTING: readonly Phase[] = ['PROVISIONING', 'UPDATING', 'RESUMING', 'RESTORING'];
const HALTABLE: readonly Phase[] = ['PROVISIONING', 'RUNNING', 'RESUMING', 'RESTORING'];

/** What users or time have decided, whatever the phase would do. */
export function wishes(context: Context): Action | undefined {
  const { clone, facts } = context;
  const { phase, desired, deadlineAt } = clone;
  if (desired === 'DELETED' && !GOING.includes(phase)) {
    return moved(context, 'delete', 'delete_requested');
  }
  if (phase === 'CLEANUP_FAILED' && hasCondition(clone, FORCED)) return giveUp(context);
  if (deadlineAt && deadlineAt <= facts.now) return atDeadline(context);

  switch (desired) {
    case 'STOPPED':
      return stop(context);
    case 'SUSPENDED':
      return phase === 'RUNNING' ? putDownBy(context, 'suspend') : undefined;
    case 'ARCHIVED':
      return isArchivable(clone) ? putDownBy(context, 'archive') : undefined;
    case 'RUNNING':
      return run(context);
    case 'DELETED':
      return undefined;
  }
}

/** An update goes back to what ran before, and what was to be put down stays what it was. */
function atDeadline(context: Context): Action {
  const { clone, why } = context;
  const problem = problemOf(context);
  switch (clone.phase) {
    case 'UPDATING': {
      if (!clone.candidate) break;
      const late = lateness(clone, problem).message ?? '';
      return record({ clone, next: rolledBack(clone, late, why), cause: 'update_failed' });
    }
    case 'SUSPENDING':
    case 'ARCHIVING':
      return record({ clone, next: notPutDown(clone, problem, why), cause: 'deadline' });
    default:
      break;
  }
  if (clone.execution && hasAlwaysLeft(clone) && HALTABLE.includes(clone.phase)) {
    const next = halted(clone, { ...why, ...lateness(clone, problem) });
    return record({ clone, next, cause: 'deadline' });
  }
  return record({ clone, next: expired(clone, problem, why), cause: 'deadline' });
}

/** What stood in the way: a peer, or else what the probe has found of what was to come up. */
function problemOf({ clone, facts }: Context): string {
  const { problem, health } = facts;
  if (problem !== '' || !health || health.ready || !STARTING.includes(clone.phase)) return problem;
  return `its probe has found: ${health.message}`;
}

function stop(context: Context): Action | undefined {
  const { clone, why } = context;
  if (!STOPPABLE.includes(clone.phase) || isUnstoppable(clone)) return undefined;
  const because = { ...why, reason: stopReasonOf(clone) };
  if (hasAlwaysLeft(clone) && HALTABLE.includes(clone.phase)) {
    return record({ clone, next: halted(clone, because), cause: 'stop_requested' });
  }
  return moved({ ...context, why: because }, 'stop', 'stop_requested');
}

function run(context: Context): Action | undefined {
  const { clone, facts, why } = context;
  // What ran before may run still, or sign: a restart waits until that is over.
  if (clone.restart && ENDED_PHASES.includes(clone.phase) && !isCleanupPending(clone)) {
    const next = restarted(clone, why);
    return record({
      clone,
      next: begun(next, facts.nextExecutionId, { ...why, phase: 'PREPARING' }),
      cause: 'restart_requested',
    });
  }
  switch (clone.phase) {
    case 'SUSPENDED':
      return record({ clone, next: comingBack(clone, 'resume', why), cause: 'resume_requested' });
    case 'ARCHIVED':
      return record({ clone, next: comingBack(clone, 'restore', why), cause: 'restore_requested' });
    case 'RUNNING':
      if (!clone.candidate) return undefined;
      return record({ clone, next: updating(clone, why), cause: 'update_requested' });
    default:
      return undefined;
  }
}

function isArchivable(clone: Clone): boolean {
  const isRested = ENDED_PHASES.includes(clone.phase) && !isCleanupPending(clone);
  return clone.phase === 'RUNNING' || clone.phase === 'SUSPENDED' || isRested;
}

function putDownBy({ clone, why }: Context, event: 'suspend' | 'archive'): Action {
  return record({ clone, next: puttingDown(clone, event, why), cause: `${event}_requested` });
}

function giveUp({ clone, facts, why }: Context): Action {
  const message = `given up: ${clone.message}`.slice(0, 500);
  const next = removed(clone, facts.workload, {
    ...why,
    event: 'give_up',
    reason: FORCED,
    message,
  });
  return record({ clone, next, cause: 'forced' });
}
