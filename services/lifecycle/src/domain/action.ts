import { NOT_PUT_DOWN, UPDATE_FAILED } from './changes.js';
import { BEHAVIOUR, type Clone, type OpenAction } from './clone.js';
import { hasCondition } from './conditions.js';
import { ENDED_PHASES, type Phase } from './phases.js';

/** How an action has ended. */
export interface ActionEnd {
  readonly outcome: 'SUCCEEDED' | 'FAILED' | 'SUPERSEDED';
  readonly message: string;
}

/** What somebody does to a clone, as the log of actions keeps it. */
export interface NewAction {
  readonly id: string;
  /** What is done, such as `clones.update`. */
  readonly name: string;
  readonly reason: string;
  /** With what: the request, secrets left out. */
  readonly parameters: object;
}

/**
 * The clone with what somebody does to it, unless that is over with the change itself. What the
 * change undoes is over then, too.
 */
export function withAction(before: Clone, next: Clone, { id, name }: OpenAction): Clone {
  if (!isAnotherWish(before, next)) return next;
  if (isOnItsWay(next)) return { ...next, action: { id, name } };
  if (isOfARun(next)) return next;
  const { action: _, ...rest } = next;
  return rest;
}

function isAnotherWish(before: Clone, next: Clone): boolean {
  return (
    before.desired !== next.desired ||
    before.candidate !== next.candidate ||
    before.restart !== next.restart ||
    before.deadlineAt !== next.deadlineAt ||
    (next.phase === 'CLEANUP_FAILED' && before.conditions !== next.conditions)
  );
}

/** The phases in which an action has done what it was for. */
const GOAL: Readonly<Record<string, readonly Phase[]>> = {
  'clones.create': ['RUNNING', 'COMPLETED'],
  'clones.restart': ['RUNNING', 'COMPLETED'],
  'clones.update': ['RUNNING'],
  'clones.rotate_secrets': ['RUNNING'],
  'clones.resume': ['RUNNING'],
  'clones.restore': ['RUNNING'],
  'clones.extend': ['RUNNING'],
  'clones.set_expiry': ['RUNNING'],
  'clones.stop': ['STOPPED', 'COMPLETED', 'FAILED'],
  'clones.suspend': ['SUSPENDED'],
  'clones.archive': ['ARCHIVED'],
  'clones.delete': ['DELETED'],
  'clones.force_delete': ['DELETED'],
};

/** The actions that are for a run, of a kind that completes: they last as long as it. */
const RUNS = ['clones.create', 'clones.restart'];

/**
 * How the open action of a clone has ended with a change that nobody asked for, or undefined if it
 * goes on. It ends with a phase that it reaches, or with what policy makes of its wish.
 */
export function actionEnd(before: Clone, next: Clone): ActionEnd | undefined {
  const { action } = before;
  if (!action || (next.phase === before.phase && next.desired === before.desired)) return undefined;
  if (isOnItsWay(next) || isOfARun(next)) return undefined;

  const isReached = GOAL[action.name]?.includes(next.phase) ?? true;
  const isUndone = action.name === 'clones.update' && hasCondition(next, UPDATE_FAILED);
  const outcome = isReached && !isUndone ? 'SUCCEEDED' : 'FAILED';
  const said = isUndone ? UPDATE_FAILED : NOT_PUT_DOWN;
  return { outcome, message: outcome === 'FAILED' ? messageOf(next, said) : '' };
}

/** Tells whether a clone will not stay as it is. One that has ended stays so, if it was to run. */
function isOnItsWay({ phase, desired, restart, candidate }: Clone): boolean {
  if (restart || candidate) return true;
  if (ENDED_PHASES.includes(phase)) return desired === 'ARCHIVED' || desired === 'DELETED';
  return phase !== desired;
}

/** Tells whether the open action of a clone that is up lasts as long as it runs. */
function isOfARun({ action, phase, kind }: Clone): boolean {
  const isRun = action !== undefined && RUNS.includes(action.name);
  return isRun && phase === 'RUNNING' && BEHAVIOUR[kind].completes;
}

/** Why an action has failed: what the clone or its condition of this type says, not its probe. */
function messageOf({ phase, reason, message, conditions }: Clone, said: string): string {
  const told = message || conditions.find(({ type }) => type === said)?.message;
  return [phase, reason, told].filter((text) => text).join(': ');
}
