import assert from 'node:assert/strict';
import type { Clone } from '../domain/clone.js';
import { ENDED_PHASES, isAtRest, TRANSITIONS } from '../domain/phases.js';
import { holdsOf, RESOURCES } from '../domain/quota.js';

// The rules that every change of a clone keeps to, whoever makes it.

/** A clone moves as the table has it. */
export function requireMove({ phase }: Clone, next: Clone): void {
  const allowed = [phase, ...Object.values(TRANSITIONS[phase])];
  assert.ok(allowed.includes(next.phase), `${phase} to ${next.phase}`);
  assert.ok(phase !== 'DELETED', 'a deleted clone changes');
}

/** Executions follow each other, each with an outcome. */
export function requireExecution(before: Clone, next: Clone): void {
  const isNew = before.execution?.id !== next.execution?.id;
  assert.equal(next.epoch - before.epoch, isNew ? 1 : 0, 'the epoch does not count executions');
  assert.equal(next.execution?.epoch ?? 0, next.epoch);
  if (!isNew || !before.execution) return;
  assert.ok(before.execution.outcome, `an execution is left without an outcome: ${next.phase}`);
}

/** Nobody could refuse it for want of quota: more is taken with a wish alone. */
export function requireNoMore(before: Clone, next: Clone): void {
  const [had, has] = [holdsOf(before), holdsOf(next)];
  for (const resource of RESOURCES) {
    const told = `${before.phase} to ${next.phase} takes more ${resource}`;
    assert.ok(has[resource] <= had[resource], told);
  }
}

/** What a clone has belongs to its phase. */
export function requireShape(clone: Clone): void {
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
