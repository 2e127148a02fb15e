// Goal: whatever users, peers and time do to a clone of any kind, its life stays within the rules.
// Method: seeded lives of random clones, against peers that are played and complain; rules are
// checked after every change.

import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { ActionRules, requireOpenAction, requireRest } from '../testing/action-rules.js';
import {
  requireExecution,
  requireMove,
  requireNoMore,
  requireShape,
} from '../testing/life-rules.js';
import { type Dice, dice, PlayedMesh } from '../testing/played-mesh.js';
import { type ActionEnd, withAction } from './action.js';
import { CLONE_KINDS, type Clone, newClone } from './clone.js';
import { cloneIn, NOON, releaseOf, stageOf } from './examples.js';
import type { Effect, Facts } from './facts.js';
import { factsAfter } from './facts.js';
import { DEADLINES, ENDED_PHASES, isAtRest, TRANSITIONS } from './phases.js';
import { plan } from './plan.js';
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

const LIVES = 2000;
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
  ['set_expiry', (clone, roll, now) => askToExpire(clone, soon(roll, now), now)],
  ['extend', (clone, roll, now) => askToExtend(clone, 1_000 + roll(2 * HOUR_MS), now)],
  ['force_delete', (clone, _, now) => askToForceDelete(clone, 'stuck', now)],
  ['reassign', (clone) => askToReassign(clone, OTHER)],
  ['rotate_secrets', askForNewEpoch],
];

/** What makes no difference when it is asked again. */
const REPEATABLE = ASKED.map(([name]) => name).filter((name) => {
  return !['update', 'rotate_secrets', 'extend'].includes(name);
});

/** What a clone is after something was asked of it, or undefined where that is refused. */
function answered(ask: (clone: Clone) => Clone, clone: Clone): Clone | undefined {
  try {
    return ask(clone);
  } catch (thrown) {
    if (thrown instanceof PublicError) return undefined;
    throw thrown;
  }
}

class Life {
  readonly story: string[] = ['ACCEPTED'];
  readonly #roll: Dice;
  readonly #mesh: PlayedMesh;
  readonly #outcomes = new Map<string, string>();
  #clone: Clone;
  #facts: Facts;
  #count = 0;
  readonly #rules = new ActionRules();

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
    while (isDisturbed && this.#roll(3) === 0) this.#ask();
    if (isDisturbed && this.#roll(8) === 0) this.#facts = this.#fresh();
    this.#mesh.live({ endsWell: !isDisturbed });

    const action = plan(this.#clone, this.#facts, DEADLINES);
    if (action.do === 'wait') requireRest(this.#clone);
    if (action.do === 'record') this.#record(action.change);
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

  #record({ next, actionEnd }: { readonly next: Clone; readonly actionEnd?: ActionEnd }): void {
    this.#rules.recorded(this.#clone, next, actionEnd);
    this.#change(next);
  }

  #ask(): void {
    const [name, ask] = ASKED[this.#roll(ASKED.length)] ?? assert.fail();
    if (name === 'delete' && this.#roll(6) > 0) return;
    const id = `act-${this.story.length}`;
    const seed = this.#roll(1_000);
    const asked = (clone: Clone): Clone => ask(clone, dice(seed), this.#mesh.now);
    const next = answered(asked, this.#clone);
    if (!next) return;
    const told =
      next === this.#clone ? next : withAction(this.#clone, next, { id, name: `clones.${name}` });
    this.#rules.asked(name, this.#clone, told, id);
    if (next === this.#clone) return;
    this.story.push(name);
    if (REPEATABLE.includes(name)) {
      assert.equal(answered(asked, told) ?? told, told, `${name} twice is not the same as once`);
    }
    this.#change(told, true);
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
