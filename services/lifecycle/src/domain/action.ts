import { NOT_PUT_DOWN, UPDATE_FAILED } from './changes.js';
import { BEHAVIOUR, type Clone } from './clone.js';
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

/** Tells whether what somebody does to a clone is not over with the change itself. */
export function goesOn(before: Clone, next: Clone): boolean {
  if (ENDED_PHASES.includes(next.phase) && !next.restart && !isOnItsWay(next)) return false;
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

/** The phases in which nothing goes on, whatever was wanted. */
const STILL: readonly Phase[] = ['RUNNING', 'SUSPENDED', 'ARCHIVED', 'DELETED', ...ENDED_PHASES];

/**
 * How the open action of a clone has ended with a change that nobody asked for, or undefined if it
 * goes on. It ends with a phase that it reaches, or with what policy makes of its wish.
 */
export function actionEnd(before: Clone, next: Clone): ActionEnd | undefined {
  const { action } = before;
  if (!action || (next.phase === before.phase && next.desired === before.desired)) return undefined;
  const isRun = RUNS.includes(action.name) && BEHAVIOUR[next.kind].completes;
  if (isRun && next.phase === 'RUNNING') return undefined;
  if (!STILL.includes(next.phase) || isOnItsWay(next)) return undefined;

  const isReached = GOAL[action.name]?.includes(next.phase) ?? true;
  const isUndone = action.name === 'clones.update' && hasCondition(next, UPDATE_FAILED);
  const outcome = isReached && !isUndone ? 'SUCCEEDED' : 'FAILED';
  const said = isUndone ? UPDATE_FAILED : NOT_PUT_DOWN;
  return { outcome, message: outcome === 'FAILED' ? messageOf(next, said) : '' };
}

/** Tells whether a clone that nothing goes on with will not stay where it is. */
function isOnItsWay({ phase, desired }: Clone): boolean {
  if (phase === 'RUNNING') return desired !== 'RUNNING';
  return (desired === 'ARCHIVED' || desired === 'DELETED') && phase !== desired;
}

/** Why an action has failed: what the clone or its condition of this type says, not its probe. */
function messageOf({ phase, reason, message, conditions }: Clone, said: string): string {
  const told = message || conditions.find(({ type }) => type === said)?.message;
  return [phase, reason, told].filter((text) => text).join(': ');
}
