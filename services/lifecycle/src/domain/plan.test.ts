import assert from 'node:assert/strict';
import { CLEANUP_PENDING } from './changes.js';
import { type Clone, DESIRES, type StageStatus } from './clone.js';
import { afterNoon, cloneIn, EXECUTION, NOON, releaseOf, stageOf } from './examples.js';
import { type Effect, type Facts, factsAfter } from './facts.js';
import { EXITS, WORKLOAD_STATES, type Workload } from './outcome.js';
import { DEADLINES, ENDED_PHASES, isAtRest, PHASES, type Phase, TRANSITIONS } from './phases.js';
import { plan } from './plan.js';
import { holdsOf } from './quota.js';
import type { Action } from './steps.js';

const FACTS: Facts = { now: NOON, nextExecutionId: EXECUTION.id, problem: '' };
const EXITED: Workload = {
  state: 'EXITED',
  exit: { kind: 'EXITED', exitCode: 0, signal: '', message: '' },
  startedAt: NOON,
  endedAt: NOON,
};
const PENDING: Workload = { state: 'PENDING' };
const REMOVED: Workload = { state: 'REMOVED' };
const REFUSAL = { reason: 'KEY_IN_USE', message: 'a clone holds the key' };
const UNSTARTED = { execution: EXECUTION, startedAt: undefined } as unknown as Partial<Clone>;

type Expected = Effect | Phase | 'wait' | 'rest';
type Case = readonly [string, Clone, Partial<Facts>, Expected];

const CASES: readonly Case[] = [
  ['an accepted clone', cloneIn('ACCEPTED'), {}, 'PREPARING'],
  ['a clone without a key', cloneIn('PREPARING', { keyId: '' }), {}, 'PROVISIONING'],
  ['a clone with a key', cloneIn('PREPARING'), {}, 'list_key'],
  ['a listed key', cloneIn('PREPARING'), { keyIsListed: true }, 'authorize_key'],
  ['a key that is not listed', cloneIn('PREPARING'), { keyIsListed: false }, 'authorize_key'],
  ['a granted key', cloneIn('PREPARING'), { keyIsGranted: true }, 'PROVISIONING'],
  ['a refused key', cloneIn('PREPARING'), { refusal: REFUSAL }, 'FINALIZING'],
  ['a prepared clone', cloneIn('PROVISIONING'), { keyIsGranted: true }, 'create_execution'],
  ['a clone of which nothing is known', cloneIn('PROVISIONING'), {}, 'find_execution'],
  ['a clone that is not made', cloneIn('PROVISIONING'), { isUnmade: true }, 'authorize_key'],
  [
    'a clone without a key to start',
    cloneIn('PROVISIONING', { keyId: '' }),
    {},
    'create_execution',
  ],
  ['a workload that is made', cloneIn('PROVISIONING'), { workload: PENDING }, 'wait'],
  ['a claimed execution', cloneIn('PROVISIONING'), { claimedAt: NOON }, 'RUNNING'],
  ['a workload that ended', cloneIn('PROVISIONING'), { workload: EXITED }, 'FINALIZING'],
  ['a refused workload', cloneIn('PROVISIONING'), { refusal: REFUSAL }, 'FINALIZING'],
  ['a running clone', cloneIn('RUNNING'), {}, 'read_execution'],
  ['a running workload', cloneIn('RUNNING'), { workload: { state: 'RUNNING' } }, 'wait'],
  ['a workload that is gone', cloneIn('RUNNING'), { workload: 'none' }, 'FINALIZING'],
  ['a running clone to stop', cloneIn('RUNNING', { desired: 'STOPPED' }), {}, 'STOPPING'],
  ['an accepted clone to stop', cloneIn('ACCEPTED', { desired: 'STOPPED' }), {}, 'FINALIZING'],
  ['a stopping clone', cloneIn('STOPPING', { desired: 'STOPPED' }), {}, 'stop_execution'],
  ['a stopped workload', cloneIn('STOPPING'), { workload: EXITED }, 'FINALIZING'],
  ['a clone that has run', cloneIn('FINALIZING'), { workload: EXITED }, 'revoke_grant'],
  ['one that signs no more', cloneIn('FINALIZING'), { signingIsStopped: true }, 'stop_execution'],
  [
    'one that signs and runs no more',
    cloneIn('FINALIZING'),
    { signingIsStopped: true, workload: EXITED },
    'COMPLETED',
  ],
  ['one that never ran', cloneIn('FINALIZING', UNSTARTED), {}, 'revoke_grant'],
  [
    'one that never ran and cannot sign',
    cloneIn('FINALIZING', UNSTARTED),
    { signingIsStopped: true },
    'delete_executions',
  ],
  [
    'one that never ran and is being removed',
    cloneIn('FINALIZING', UNSTARTED),
    { signingIsStopped: true, workload: { state: 'REMOVING' }, asked: 'delete_executions' },
    'wait',
  ],
  [
    'one that never ran and is gone',
    cloneIn('FINALIZING', UNSTARTED),
    { signingIsStopped: true, workload: REMOVED },
    'delete_storage',
  ],
  [
    'one that never ran and has no storage',
    cloneIn('FINALIZING', UNSTARTED),
    { signingIsStopped: true, workload: REMOVED, storageIsGone: true },
    'release_key',
  ],
  [
    'one that never ran and holds nothing',
    cloneIn('FINALIZING', { ...UNSTARTED, reason: 'KEY_IN_USE' }),
    { signingIsStopped: true, workload: REMOVED, keyIsReleased: true, storageIsGone: true },
    'FAILED',
  ],
  ['a completed clone', cloneIn('COMPLETED'), {}, 'rest'],
  ['a completed clone to run', cloneIn('COMPLETED', { desired: 'RUNNING' }), {}, 'rest'],
  ['a clone to delete', cloneIn('RUNNING', { desired: 'DELETED' }), {}, 'DELETING'],
  ['a deleting clone', cloneIn('DELETING', { desired: 'DELETED' }), {}, 'revoke_grant'],
  [
    'a deleting clone of which nothing is left',
    cloneIn('DELETING', { desired: 'DELETED' }),
    { signingIsStopped: true, workload: REMOVED, keyIsReleased: true, storageIsGone: true },
    'DELETED',
  ],
  ['a clone that cannot be cleaned up', cloneIn('CLEANUP_FAILED'), {}, 'wait'],
  [
    'a clone that is cleaned up late',
    cloneIn('FAILED', {
      conditions: [{ type: CLEANUP_PENDING, message: '', sinceAt: NOON }],
    }),
    {},
    'revoke_grant',
  ],
  [
    'a clone to run again that is not cleaned up',
    cloneIn('FAILED', {
      desired: 'RUNNING',
      restart: 'keep',
      conditions: [{ type: CLEANUP_PENDING, message: '', sinceAt: NOON }],
    }),
    {},
    'revoke_grant',
  ],
];

const LATE: readonly (readonly [Phase, Phase])[] = [
  ['ACCEPTED', 'FINALIZING'],
  ['PREPARING', 'FINALIZING'],
  ['PROVISIONING', 'FINALIZING'],
  ['RUNNING', 'FINALIZING'],
  ['STOPPING', 'FINALIZING'],
  ['FINALIZING', 'FAILED'],
  ['DELETING', 'CLEANUP_FAILED'],
  ['CLEANUP_FAILED', 'DELETING'],
];

describe('plan', () => {
  for (const [name, clone, facts, expected] of CASES) {
    it(`has for ${name}: ${expected}`, () => {
      assert.equal(nameOf(plan(clone, { ...FACTS, ...facts }, DEADLINES)), expected);
    });
  }

  for (const [phase, expected] of LATE) {
    it(`leads a clone that is ${phase} for too long to ${expected}`, () => {
      const now = afterNoon(60_000);
      assert.equal(nameOf(plan(cloneIn(phase), { ...FACTS, now }, DEADLINES)), expected);
    });
  }

  it('tells what the probe has found of what came up too late', () => {
    const late = {
      ...FACTS,
      now: afterNoon(60_000),
      health: { ready: false, message: 'HTTP 503' },
    };
    const { release } = cloneIn('UPDATING');
    const updating = cloneIn('UPDATING', { candidate: { ...release, number: 2 } });
    for (const clone of [cloneIn('PROVISIONING'), updating]) {
      const action = plan(clone, late, DEADLINES);
      assert.match(action.do === 'record' ? action.change.next.message : '', /HTTP 503/);
    }
  });

  it('looks at what is just up, for it may have ended since', () => {
    const claimed = { ...FACTS, claimedAt: NOON };
    const clone = cloneIn('PROVISIONING');
    const up = plan(clone, claimed, DEADLINES);
    assert.ok(up.do === 'record' && up.change.next.phase === 'RUNNING');
    const next = plan(up.change.next, factsAfter(claimed, clone, up.change.next), DEADLINES);
    assert.equal(nameOf(next), 'read_execution');
  });

  it('runs, of what is halted, the stage that always runs of its own release', () => {
    const last = stageOf('publish', { always: true });
    const release = releaseOf(stageOf('run'), last);
    const candidate = { ...releaseOf(stageOf('other')), number: 2 };
    const stages = release.stages.map(({ name, always }): StageStatus => {
      return { name, always, state: always ? 'WAITING' : 'ACTIVE', executions: 0 };
    });
    const asked = { desired: 'STOPPED', release, stages, candidate } as const;
    const action = plan(cloneIn('RUNNING', asked), FACTS, DEADLINES);
    assert.ok(action.do === 'record');
    const { phase, candidate: left } = action.change.next;
    assert.deepEqual([phase, left], ['STOPPING', undefined]);
  });

  it('gives nothing back of what has run, and all of what never ran', () => {
    const known: Partial<Facts> = {
      ...{ signingIsStopped: true, keyIsReleased: true, storageIsGone: true },
    };
    const ran = plan(cloneIn('FINALIZING'), { ...FACTS, ...known, workload: EXITED }, DEADLINES);
    const unstarted = { ...FACTS, ...known, workload: REMOVED };
    const never = plan(cloneIn('FINALIZING', UNSTARTED), unstarted, DEADLINES);

    assert.equal(ran.do === 'record' && holdsOf(ran.change.next).clones, 1);
    assert.equal(never.do === 'record' && holdsOf(never.change.next).clones, 0);
  });

  it('never makes a move that the phase table does not have', () => {
    for (const [clone, facts] of everything()) {
      const action = plan(clone, facts, DEADLINES);
      if (action.do !== 'record') continue;
      const { phase } = action.change.next;
      const allowed = new Set<Phase | null>([
        clone.phase,
        ...Object.values(TRANSITIONS[clone.phase]),
      ]);
      assert.ok(allowed.has(phase), `${clone.phase} to ${phase}`);
    }
  });

  it('leaves a clone that has ended alone, whatever is wanted of it but a delete', () => {
    for (const [clone, facts] of everything()) {
      if (!ENDED_PHASES.includes(clone.phase) || clone.desired === 'DELETED') continue;
      assert.equal(nameOf(plan(clone, facts, DEADLINES)), 'rest', clone.phase);
    }
  });

  it('never releases a key before signing has ended and the workload is gone', () => {
    for (const [clone, facts] of everything()) {
      const action = plan(clone, facts, DEADLINES);
      if (action.do !== 'effect' || action.effect !== 'release_key') continue;
      assert.ok(facts.signingIsStopped || clone.execution?.outcome);
      assert.ok(facts.workload === 'none' || facts.workload?.state === 'REMOVED');
    }
  });

  it('comes to an end when every peer answers as asked', () => {
    for (const phase of PHASES) {
      for (const desired of DESIRES) {
        const isDone = bringToRest(cloneIn(phase, { desired }));
        assert.ok(isDone, `${phase}, wanted ${desired}`);
      }
    }
  });
});

function nameOf(action: Action): Expected {
  if (action.do === 'effect') return action.effect;
  if (action.do === 'record') return action.change.next.phase;
  return action.ms === undefined ? 'rest' : 'wait';
}

function* everything(): Generator<readonly [Clone, Facts]> {
  const exits = EXITS.map((kind): Workload => {
    return { ...EXITED, exit: { kind, signal: '', message: '' } };
  });
  const workloads = [undefined, 'none', ...WORKLOAD_STATES.map((state) => ({ state })), ...exits];
  for (const phase of PHASES) {
    for (const desired of ['RUNNING', 'STOPPED', 'DELETED'] as const) {
      for (const workload of workloads as readonly (Workload | 'none' | undefined)[]) {
        for (const known of [{}, { signingIsStopped: true }, { keyIsReleased: true }] as const) {
          const facts = { ...FACTS, ...known, ...(workload && { workload }) };
          yield [cloneIn(phase, { desired }), facts];
        }
      }
    }
  }
}

/** Plays a mesh in which everything works. Tells whether the clone came to rest. */
function bringToRest(start: Clone): boolean {
  let clone = start;
  let facts = FACTS;
  for (let step = 0; step < 40; step += 1) {
    const action = plan(clone, facts, DEADLINES);
    if (action.do === 'wait') {
      if (isAtRest(clone.phase)) return true;
      if (clone.phase === 'CLEANUP_FAILED') facts = { ...facts, now: afterNoon(60_000) };
      else facts = { ...facts, workload: EXITED };
    } else if (action.do === 'record') {
      facts = factsAfter(facts, clone, action.change.next);
      clone = action.change.next;
    } else {
      facts = { ...facts, ...ANSWERS[action.effect] };
    }
  }
  return false;
}

const ANSWERS: Readonly<Record<Effect, Partial<Facts>>> = {
  list_key: { keyIsListed: true },
  authorize_key: { keyIsGranted: true },
  find_execution: { isUnmade: true },
  create_execution: { workload: { state: 'RUNNING', startedAt: NOON } },
  read_execution: { workload: EXITED },
  revoke_grant: { signingIsStopped: true },
  stop_execution: { workload: EXITED, asked: 'stop_execution' },
  delete_storage: { storageIsGone: true },
  delete_executions: { workload: REMOVED, asked: 'delete_executions' },
  release_key: { keyIsReleased: true },
};
