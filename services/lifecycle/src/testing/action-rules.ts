import assert from 'node:assert/strict';
import type { ActionEnd } from '../domain/action.js';
import { BEHAVIOUR, type Clone, type Desired } from '../domain/clone.js';
import { hasCondition } from '../domain/conditions.js';
import { ENDED_PHASES, isAtRest, type Phase } from '../domain/phases.js';

// What a user may rely on, of what they ask of a clone.

const UP: readonly Phase[] = ['RUNNING', 'COMPLETED'];

/** Where a clone is when an action has done what it was for. */
const DONE: Readonly<Record<string, readonly Phase[]>> = {
  create: UP,
  restart: UP,
  update: UP,
  rotate_secrets: UP,
  resume: UP,
  restore: UP,
  extend: UP,
  set_expiry: UP,
  stop: ENDED_PHASES,
  suspend: ['SUSPENDED'],
  archive: ['ARCHIVED'],
  delete: ['DELETED'],
  force_delete: ['DELETED'],
};

/** What is wanted of a clone once a wish is accepted, even where it was so before. */
const WANTED: Readonly<Record<string, Desired>> = {
  restart: 'RUNNING',
  resume: 'RUNNING',
  restore: 'RUNNING',
  suspend: 'SUSPENDED',
  archive: 'ARCHIVED',
  delete: 'DELETED',
};

/** Follows what is done to one clone. */
export class ActionRules {
  /** The number of the release that the open action is to bring. */
  #release: number | undefined;
  /** Whether it is a user who has it suspended. */
  #isPaused = false;

  /** What a user asked for was accepted; `next` is the clone with the action, if that is not over. */
  asked(name: string, before: Clone, next: Clone, id: string): void {
    const wanted = WANTED[name];
    if (wanted) assert.equal(next.desired, wanted, `${name} is accepted, and not wanted`);
    if (name === 'stop') requireStopped(next);
    if (next === before) return;

    const isOpen = next.action?.id === id;
    if (isOpen) this.#release = next.candidate?.number;
    const isAtOnce = ['update', 'rotate_secrets', 'extend', 'set_expiry', 'reassign'].includes(
      name,
    );
    const isOver = DONE[name]?.includes(next.phase) && !next.restart;
    assert.ok(isOpen || isAtOnce || isOver, `${name} is over before it is done`);
    if (!isOpen) requireGoesOn(name, before, next);
    if (name === 'extend') requireExtended(next);
    this.#requirePaused(name, before, next);
  }

  /** The reconciler has recorded a change. */
  recorded(before: Clone, next: Clone, end: ActionEnd | undefined): void {
    if (next.desired !== 'SUSPENDED' || ENDED_PHASES.includes(next.phase)) this.#isPaused = false;
    const { action } = before;
    if (!end || !action) {
      assert.deepEqual(next.action, action, 'an action is superseded by nobody');
      return;
    }
    assert.equal(next.action, undefined);
    const told = `${action.name} ${end.outcome} ${end.message}: ${before.phase} to ${next.phase}`;
    const name = action.name.slice('clones.'.length);
    if (end.outcome === 'FAILED') assert.match(end.message, /^[A-Z_]+: ./, told);
    else assert.ok(DONE[name]?.includes(next.phase) && !next.restart, told);
    if (name === 'update' || name === 'rotate_secrets') {
      const isMade = next.release.number === this.#release;
      assert.equal(end.outcome === 'SUCCEEDED', isMade && UP.includes(next.phase), told);
    }
  }

  /** Suspended by somebody is not suspended by time: an expiry that is put off is no reason to run. */
  #requirePaused(name: string, before: Clone, next: Clone): void {
    const isExpiry = name === 'extend' || name === 'set_expiry';
    if (isExpiry && this.#isPaused) assert.equal(next.desired, 'SUSPENDED', 'it is not to run');
    if (before.desired === 'RUNNING' && name === 'suspend') this.#isPaused = true;
    if (next.desired !== 'SUSPENDED') this.#isPaused = false;
  }
}

function requireStopped({ phase, desired }: Clone): void {
  assert.ok(desired === 'STOPPED' || ENDED_PHASES.includes(phase), 'it is not to be stopped');
}

/** What is over at once leaves alone what goes on. */
function requireGoesOn(name: string, before: Clone, next: Clone): void {
  const isUndone = before.restart !== next.restart || before.desired !== next.desired;
  if (!isUndone) assert.deepEqual(next.action, before.action, `${name} takes an action's place`);
}

function requireExtended(clone: Clone): void {
  assert.ok(!hasCondition(clone, 'EXPIRED'), 'it is extended, and has expired');
  const isArchived = clone.phase === 'ARCHIVED';
  if (!isArchived) assert.equal(clone.deleteDueAt, undefined, 'it is extended, and deleted');
}

/** What was done to a clone is over once nothing more comes of it: a run lasts, all else is done. */
export function requireOpenAction({
  action,
  phase,
  desired,
  candidate,
  restart,
  kind,
}: Clone): void {
  if (!action || candidate || restart || phase === 'DELETED') return;
  const isRun = ['clones.create', 'clones.restart'].includes(action.name);
  const isOver = phase === desired && !(isRun && phase === 'RUNNING' && BEHAVIOUR[kind].completes);
  assert.ok(!isOver, `${action.name} is never over: ${phase}`);
}

/** What nothing is to be done with is what it is wanted to be, and WaitClone sees it so. */
export function requireRest(clone: Clone): void {
  const { phase, desired, action, restart } = clone;
  const runsOn = phase === 'RUNNING' && desired === 'RUNNING' && hasCondition(clone, 'EXPIRED');
  assert.ok(!runsOn, 'it has expired, and runs on');
  if (!isAtRest(phase)) return;
  const isWell = ENDED_PHASES.includes(phase)
    ? desired !== 'ARCHIVED' && desired !== 'DELETED' && !restart
    : phase === desired;
  assert.ok(isWell, `it is ${phase} for ever, and wanted to be ${desired}`);
  assert.equal(action, undefined, `${action?.name} is never over: ${phase}`);
}
