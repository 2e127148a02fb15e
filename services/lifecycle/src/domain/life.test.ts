// Goal: whatever users, peers and time do to a clone of any kind, its life stays within the rules.
// Method: seeded lives of random clones, against peers that are played and complain; rules are
// checked after every change.

import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { type Dice, dice, PlayedMesh } from '../testing/played-mesh.js';
import { withAction } from './action.js';
import { BEHAVIOUR, CLONE_KINDS, type Clone, newClone } from './clone.js';
import { cloneIn, NOON, releaseOf, stageOf } from './examples.js';
import type { Effect, Facts } from './facts.js';
import { factsAfter } from './facts.js';
import { DEADLINES, ENDED_PHASES, isAtRest, TRANSITIONS } from './phases.js';
import { plan } from './plan.js';
import { holdsOf, RESOURCES } from './quota.js';
import {
  askForNewEpoch,
  askToArchive,
  askToDelete,
  askToExpire,
  askToExtend,
  askToForceDelete,
  askToReassign,
  askToRestart,
  askToRestore,
  askToResume,
  askToStop,
  askToSuspend,
  askToUpdate,
} from './requests.js';
import type { Stage } from './spec.js';

const LIVES = 3000;
const HOUR_MS = 60 * 60_000;
const OTHER = { kind: 'user', id: 'usr_00000000000000000000000002' } as const;

describe('the life of a clone', () => {
  it('stays within the rules, and comes to an end of which nothing is left', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= LIVES; seed += 1) {
      const life = new Life(seed);
      try {
        life.run();
      } catch (thrown) {
        throw new Error(`seed ${seed}: ${life.story.slice(-30).join(', ')}`, { cause: thrown });
      }
      for (const event of life.story) seen.add(event);
    }
    // It is about all of these: a life that never gets there proves nothing.
    for (const event of ASKED.map(([name]) => name)) assert.ok(seen.has(event), `never ${event}`);
    for (const phase of Object.keys(TRANSITIONS)) assert.ok(seen.has(phase), `never ${phase}`);
  });
});

type Ask = (clone: Clone, roll: Dice, now: Date) => Clone;

const ASKED: readonly (readonly [string, Ask])[] = [
  ['stop', askToStop],
  ['delete', (clone, _, now) => askToDelete(clone, now)],
  ['restart', (clone, roll) => askToRestart(clone, roll(2) === 0)],
  ['suspend', askToSuspend],
  ['resume', askToResume],
  ['archive', askToArchive],
  ['restore', askToRestore],
  ['update', (clone, roll) => askToUpdate(clone, randomRelease(roll))],
  ['expire', (clone, roll, now) => askToExpire(clone, soon(roll, now), now)],
  ['extend', (clone, roll, now) => askToExtend(clone, roll(2 * HOUR_MS), now)],
  ['force delete', (clone, _, now) => askToForceDelete(clone, 'stuck', now)],
  ['reassign', (clone) => askToReassign(clone, OTHER)],
  ['new epoch', askForNewEpoch],
];

class Life {
  readonly story: string[] = ['ACCEPTED'];
  readonly #roll: Dice;
  readonly #mesh: PlayedMesh;
  readonly #outcomes = new Map<string, string>();
  #clone: Clone;
  #facts: Facts;
  #count = 0;

  constructor(seed: number) {
    this.#roll = dice(seed);
    this.#mesh = new PlayedMesh(this.#roll);
    this.#clone = randomClone(this.#roll);
    this.#facts = this.#fresh();
  }

  run(): void {
    for (let step = 0; step < 150; step += 1) this.#goOn(true);
    this.#mesh.isCalm = true;
    for (let step = 0; step < 600 && !this.#isStill(); step += 1) this.#goOn(false);
    assert.ok(this.#isStill(), `it is ${this.#clone.phase} for ever`);
    assert.equal(this.#clone.action, undefined, 'what was done to it is never over');

    if (this.#clone.phase !== 'DELETED') this.#change(askToDelete(this.#clone, this.#mesh.now));
    for (let step = 0; step < 200 && !this.#isStill(); step += 1) this.#goOn(false);
    assert.equal(this.#clone.phase, 'DELETED');
    const isForced = this.#clone.conditions.some(({ type }) => type === 'FORCED');
    if (isForced) return;
    assert.deepEqual(this.#mesh.alive(), []);
    assert.equal(this.#mesh.holdsKey || this.#mesh.hasStorage, false, 'something is left of it');
  }

  #isStill(): boolean {
    const { phase, desired, execution } = this.#clone;
    if (phase === 'DELETED') return true;
    const isOver = ENDED_PHASES.includes(phase) && desired !== 'ARCHIVED';
    const isSettled = isOver ? !this.#clone.restart : phase === desired;
    if (phase === 'RUNNING') {
      return execution !== undefined && this.#facts.workload !== undefined && this.#isQuiet();
    }
    return isAtRest(phase) && isSettled && desired !== 'DELETED';
  }

  /** What runs without an end is left to run. */
  #isQuiet(): boolean {
    const { desired, kind, candidate } = this.#clone;
    return desired === 'RUNNING' && !candidate && (kind === 'ENVIRONMENT' || kind === 'INSTANCE');
  }

  #goOn(isDisturbed: boolean): void {
    while (isDisturbed && this.#roll(5) === 0) this.#ask();
    if (isDisturbed && this.#roll(8) === 0) this.#facts = this.#fresh();
    this.#mesh.live({ endsWell: !isDisturbed });

    const action = plan(this.#clone, this.#facts, DEADLINES);
    if (action.do === 'record') this.#change(action.change.next);
    else if (action.do === 'effect') this.#perform(action.effect, isDisturbed);
    else this.#wait(action.ms, isDisturbed);
  }

  #wait(ms: number | undefined, isDisturbed: boolean): void {
    assert.ok(ms === undefined || ms >= 0, 'it waits for the past');
    const isPatient = !isDisturbed || this.#roll(3) > 0;
    this.#mesh.pass(isPatient ? Math.max(1, ms ?? 60_000) : this.#roll(3 * HOUR_MS));
    this.#facts = this.#fresh();
  }

  #perform(effect: Effect, isDisturbed: boolean): void {
    // It is done, not done, or done and forgotten.
    const fate = isDisturbed ? this.#roll(9) : 8;
    this.#mesh.pass(fate === 0 ? 20 * 60_000 : 10);
    if (fate === 0) {
      this.#facts = { ...this.#fresh(), problem: 'a peer is away' };
      return;
    }
    const news = this.#mesh.perform(effect, this.#clone);
    this.#facts = fate === 1 ? this.#fresh() : { ...this.#facts, ...news, now: this.#mesh.now };
  }

  #ask(): void {
    const [name, ask] = ASKED[this.#roll(ASKED.length)] ?? assert.fail();
    if (name === 'delete' && this.#roll(4) > 0) return;
    try {
      const next = ask(this.#clone, this.#roll, this.#mesh.now);
      if (next === this.#clone) return;
      const action = { id: `act-${this.#roll(1_000)}`, name: `clones.${name}` };
      this.story.push(name);
      this.#change(withAction(this.#clone, next, action), true);
    } catch (thrown) {
      if (!(thrown instanceof PublicError)) throw thrown;
    }
  }

  #fresh(): Facts {
    return this.#mesh.facts(this.#clone, `exe-${this.#count}`);
  }

  #change(next: Clone, isAsked = false): void {
    const before = this.#clone;
    if (next.phase !== before.phase) this.story.push(next.phase);
    requireMove(before, next);
    requireExecution(before, next);
    requireShape(next);
    requireOpenAction(next);
    if (isAsked) assert.equal(next.phase, before.phase, 'a wish changes the phase');
    else requireNoMore(before, next);
    const { id = '', outcome } = next.execution ?? {};
    if (outcome) {
      const told = JSON.stringify(outcome);
      assert.equal(this.#outcomes.get(id) ?? told, told, 'an execution has two outcomes');
      this.#outcomes.set(id, told);
    }
    this.#clone = next;
    const known = isAsked ? this.#facts : factsAfter(this.#facts, before, next);
    if (next.execution?.id === `exe-${this.#count}`) this.#count += 1;
    this.#facts = { ...known, nextExecutionId: `exe-${this.#count}`, now: this.#mesh.now };
  }
}

function requireMove({ phase }: Clone, next: Clone): void {
  const allowed = [phase, ...Object.values(TRANSITIONS[phase])];
  assert.ok(allowed.includes(next.phase), `${phase} to ${next.phase}`);
  assert.ok(phase !== 'DELETED', 'a deleted clone changes');
}

function requireExecution(before: Clone, next: Clone): void {
  const isNew = before.execution?.id !== next.execution?.id;
  assert.equal(next.epoch - before.epoch, isNew ? 1 : 0, 'the epoch does not count executions');
  assert.equal(next.execution?.epoch ?? 0, next.epoch);
  if (!isNew || !before.execution) return;
  assert.ok(before.execution.outcome, `an execution is left without an outcome: ${next.phase}`);
}

/** Nobody could refuse it for want of quota: more is taken with a wish alone. */
function requireNoMore(before: Clone, next: Clone): void {
  const [had, has] = [holdsOf(before), holdsOf(next)];
  for (const resource of RESOURCES) {
    const told = `${before.phase} to ${next.phase} takes more ${resource}`;
    assert.ok(has[resource] <= had[resource], told);
  }
}

function requireShape(clone: Clone): void {
  const { phase, execution, stages, candidate, deadlineAt, formerPhase } = clone;
  const holds = holdsOf(clone);
  for (const resource of RESOURCES) assert.ok(holds[resource] >= 0, resource);
  assert.ok(stages.filter(({ state }) => state === 'ACTIVE').length <= 1, 'two stages are active');
  const isPuttingDown = phase === 'SUSPENDING' || phase === 'ARCHIVING';
  const isGoing = ['DELETING', 'CLEANUP_FAILED', 'DELETED'].includes(phase);
  assert.ok(isGoing || (formerPhase !== undefined) === isPuttingDown, 'the former phase stays');
  const mayStay = phase === 'RUNNING' || isAtRest(phase);
  assert.ok(deadlineAt ? !isAtRest(phase) : mayStay, `the deadline of ${phase}`);
  if (!isAtRest(phase)) return;
  assert.equal(candidate, undefined, `a candidate is left: ${phase}`);
  assert.ok(!execution || execution.outcome, `it rests without an outcome: ${phase}`);
  assert.ok(
    stages.every(({ state }) => state !== 'ACTIVE'),
    `a stage is active: ${phase}`,
  );
  assert.deepEqual(clone.endpoints, []);
  const mayRestart = clone.restart === undefined || ENDED_PHASES.includes(phase);
  assert.ok(mayRestart, `a restart is left: ${phase}`);
}

/** What was done to a clone is over once nothing more comes of it: a run lasts, all else is done. */
function requireOpenAction({ action, phase, desired, candidate, restart, kind }: Clone): void {
  if (!action || candidate || restart || phase === 'DELETED') return;
  const isRun = ['clones.create', 'clones.restart'].includes(action.name);
  const isOver = phase === desired && !(isRun && phase === 'RUNNING' && BEHAVIOUR[kind].completes);
  assert.ok(!isOver, `${action.name} is never over: ${phase}`);
}

function randomClone(roll: Dice): Clone {
  const base = cloneIn('ACCEPTED');
  const kind = CLONE_KINDS[roll(CLONE_KINDS.length)] ?? 'BOT';
  const policy = {
    ...(roll(3) === 0 && { expireAfterMs: HOUR_MS * (1 + roll(24)), extendUpToMs: 48 * HOUR_MS }),
    ...(roll(2) === 0 && { expiryGraceMs: roll(24 * HOUR_MS) }),
    ...(roll(3) === 0 && { idleAfterMs: HOUR_MS }),
    ...(roll(3) === 0 && { archiveRetentionMs: roll(48 * HOUR_MS) }),
    ...(roll(3) === 0 && { startWithinMs: 60_000 }),
  };
  const { action = { id: 'act-0', name: 'clones.create' } } = base;
  const release = { ...randomRelease(roll), number: 1 };
  const keyId = roll(2) === 0 ? '' : base.keyId;
  return newClone(
    { ...base, kind, keyId, policy, release, action, isEntitled: roll(4) === 0 },
    NOON,
    DEADLINES,
  );
}

function randomRelease(roll: Dice) {
  const count = 1 + roll(3);
  const stages = Array.from({ length: count }, (_, n): Stage => {
    const isLast = n === count - 1;
    return stageOf(`stage-${n}`, {
      always: roll(4) === 0,
      oncePerRelease: !isLast && roll(3) === 0,
      limits: { cpuMillis: 100 * (1 + roll(5)), ...(roll(2) === 0 && { runTimeMs: HOUR_MS }) },
      ...(roll(3) === 0 && {
        retry: { maxExecutions: 1 + roll(4), on: [], backoffMs: roll(9_000) },
      }),
      ...(roll(3) === 0 && { probe: { check: { kind: 'tcp', port: 'web' } as const } }),
    });
  });
  return releaseOf(...stages);
}

function soon(roll: Dice, now: Date): Date | undefined {
  return roll(3) === 0 ? undefined : new Date(now.getTime() + roll(10 * HOUR_MS) - HOUR_MS);
}
