import { cleaned, isCleanupPending, removed, settled, withHealth } from './changes.js';
import { type Clone, hasRun } from './clone.js';
import type { Facts } from './facts.js';
import { hasEnded } from './outcome.js';
import type { Deadlines } from './phases.js';
import { afterEnd, bringUp } from './plan-start.js';
import { wishes } from './plan-wishes.js';
import { archived, suspended } from './put-down.js';
import { begun, withRun } from './run.js';
import { type Action, type Context, effect, moved, record, takeBack, wait } from './steps.js';
import { timerMs, timeUp } from './timers.js';

/** Chooses the one next thing to do with a clone. Pure: the same facts give the same action. */
export function plan(clone: Clone, facts: Facts, deadlines: Deadlines): Action {
  const context: Context = { clone, facts, why: { at: facts.now, deadlines } };
  const due = timeUp(clone, facts.now, facts.activeAt);
  if (due) return record({ clone, ...due });

  const action = wishes(context) ?? inPhase(context);
  if (action.do !== 'wait') return action;
  return { do: 'wait', ms: sooner(action.ms, timerMs(clone, facts.now, facts.activeAt)) };
}

function sooner(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

const UNTIL_SOMETHING_HAPPENS: Action = { do: 'wait', ms: undefined };

function inPhase(context: Context): Action {
  const { clone, facts, why } = context;
  switch (clone.phase) {
    case 'ACCEPTED': {
      const next = begun(withRun(clone), facts.nextExecutionId, { ...why, phase: 'PREPARING' });
      return record({ clone, next, cause: 'begin' });
    }
    case 'PREPARING':
      return prepare(context);
    case 'PROVISIONING':
    case 'UPDATING':
    case 'RESUMING':
    case 'RESTORING':
      return bringUp(context);
    case 'RUNNING':
      return watch(context);
    case 'STOPPING':
      return facts.workload || clone.execution?.outcome
        ? untilEnded(context)
        : effect('stop_execution');
    case 'SUSPENDING':
      return (
        takeBack(context, 'signing') ??
        record({ clone, next: suspended(clone, facts.workload ?? 'none', why), cause: 'suspended' })
      );
    case 'ARCHIVING':
      return (
        takeBack(context, 'workload') ??
        record({ clone, next: archived(clone, facts.workload ?? 'none', why), cause: 'archived' })
      );
    case 'FINALIZING':
      return finalize(context);
    case 'COMPLETED':
    case 'STOPPED':
    case 'FAILED':
      return isCleanupPending(clone) ? cleanUp(context) : UNTIL_SOMETHING_HAPPENS;
    case 'DELETING':
      return remove(context);
    case 'CLEANUP_FAILED':
      return wait(context);
    case 'SUSPENDED':
    case 'ARCHIVED':
    case 'DELETED':
      return UNTIL_SOMETHING_HAPPENS;
  }
}

/** A key that is not listed may be held by this very clone, after a crash: the grant decides. */
function prepare(context: Context): Action {
  const { clone, facts, why } = context;
  if (facts.refusal) {
    return moved({ ...context, why: { ...why, ...facts.refusal } }, 'fail', 'refused');
  }
  if (!clone.keyId || facts.keyIsGranted) return moved(context, 'prepared', 'prepared');
  return facts.keyIsListed === undefined ? effect('list_key') : effect('authorize_key');
}

function watch(context: Context): Action {
  const { clone, facts } = context;
  const next = withHealth(clone, facts);
  if (next !== clone) {
    return record({ clone, next, cause: 'probe', kind: 'clone.condition_changed' });
  }
  // What was asked to end for another stage has an outcome already.
  if (facts.workload || clone.execution?.outcome) return untilEnded(context);
  return effect('read_execution');
}

function untilEnded(context: Context): Action {
  const { clone, facts } = context;
  if (clone.execution?.outcome) return afterEnd(context, facts.workload ?? 'none');
  const { workload } = facts;
  if (workload && hasEnded(workload)) return afterEnd(context, workload);
  return wait(context);
}

/** What never ran gives everything back now; what ran keeps its key, name and place until deleted. */
function finalize(context: Context): Action {
  const { clone, facts, why } = context;
  const next = takeBack(context, hasRun(clone) ? 'signing' : 'all');
  return next ?? record({ clone, next: settled(clone, facts.workload, why), cause: 'finalized' });
}

function cleanUp(context: Context): Action {
  const { clone } = context;
  const next = takeBack(context, hasRun(clone) ? 'signing' : 'all');
  return next ?? record({ clone, next: cleaned(clone), cause: '', kind: 'clone.cleaned_up' });
}

function remove(context: Context): Action {
  const { clone, facts, why } = context;
  const next = takeBack(context, 'all');
  if (next) return next;
  const gone = removed(clone, facts.workload, { ...why, event: 'removed' });
  return record({ clone, next: gone, cause: 'removed' });
}
