import { EXPIRED, IDLE, NOT_PUT_DOWN, UPDATE_FAILED } from './changes.js';
import { BEHAVIOUR, type Clone, type OpenAction } from './clone.js';
import { hasCondition } from './conditions.js';
import { ENDED_PHASES, isAtRest, type Phase } from './phases.js';

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
  if (!isAnotherWish(before, next) || isTakenBack(before, next)) return next;
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

/**
 * Tells whether the expiry of a clone is put off before it was suspended for it: what was to run goes
 * on, for those who asked for that.
 */
function isTakenBack(before: Clone, { action, phase, desired, formerPhase }: Clone): boolean {
  const wasSpent = before.desired === 'SUSPENDED' && desired === 'RUNNING';
  const isUntouched = !isAtRest(phase) && formerPhase === undefined;
  return wasSpent && isUntouched && action !== undefined && isForRunning(action);
}

const UP: readonly Phase[] = ['RUNNING', 'COMPLETED'];

/** The phases in which an action has done what it was for. */
const GOAL: Readonly<Record<string, readonly Phase[]>> = {
  'clones.create': UP,
  'clones.restart': UP,
  'clones.update': UP,
  'clones.rotate_secrets': UP,
  'clones.resume': UP,
  'clones.restore': UP,
  'clones.extend': UP,
  'clones.set_expiry': UP,
  'clones.stop': ENDED_PHASES,
  'clones.suspend': ['SUSPENDED'],
  'clones.archive': ['ARCHIVED'],
  'clones.delete': ['DELETED'],
  'clones.force_delete': ['DELETED'],
};

function isForRunning({ name }: OpenAction): boolean {
  return GOAL[name]?.includes('RUNNING') ?? false;
}

/** The actions that are for a run, of a kind that completes: they last as long as it. */
const RUNS = ['clones.create', 'clones.restart'];

/** The actions that are for another release, or the same under another epoch. */
const UPDATES = ['clones.update', 'clones.rotate_secrets'];

/** What policy, or a peer, has made of a clone against what was asked. */
const TOLD = [NOT_PUT_DOWN, EXPIRED, IDLE];

/**
 * How the open action of a clone has ended with a change that nobody asked for, or undefined if it
 * goes on. It ends with a phase that it reaches, or with what policy makes of its wish.
 */
export function actionEnd(before: Clone, next: Clone): ActionEnd | undefined {
  const { action } = before;
  if (!action || (next.phase === before.phase && next.desired === before.desired)) return undefined;
  if (UPDATES.includes(action.name) && isUnmade(before, next)) {
    return failed(next, 'the update was not made');
  }
  if (before.desired === 'ARCHIVED' && next.desired !== 'ARCHIVED') {
    return failed(next, 'it was not archived');
  }
  if (next.restart || next.candidate || isOfARun(next)) return undefined;

  const isReached = next.phase !== before.phase && GOAL[action.name]?.includes(next.phase);
  if (!isReached && isOnItsWay(next)) return undefined;
  if (!isReached) return failed(next, 'something else was to be done');
  const isUndone = UPDATES.includes(action.name) && hasCondition(next, UPDATE_FAILED);
  return isUndone ? failed(next, UPDATE_FAILED) : { outcome: 'SUCCEEDED', message: '' };
}

/** Tells whether the release that a clone was to be updated to is given up, with nothing in its place. */
function isUnmade({ candidate }: Clone, next: Clone): boolean {
  return candidate !== undefined && !next.candidate && next.release !== candidate;
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

/** Why an action has failed: what the clone or its conditions say, not its probe; or else this. */
function failed({ phase, reason, message, conditions }: Clone, otherwise: string): ActionEnd {
  const [condition] = [otherwise, ...TOLD].flatMap(
    (wanted) => conditions.find(({ type }) => type === wanted) ?? [],
  );
  const told = message || condition?.message || otherwise;
  return { outcome: 'FAILED', message: [phase, reason, told].filter((text) => text).join(': ') };
}
