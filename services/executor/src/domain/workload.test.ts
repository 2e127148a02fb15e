import assert from 'node:assert/strict';
import { PLAIN_SETUP } from '../plain-setup.js';
import type { Observation } from './observation.js';
import { nextAction } from './plan.js';
import {
  gone,
  newWorkload,
  observed,
  removed,
  stopped,
  TRANSITIONS,
  type Workload,
  type WorkloadState,
} from './workload.js';

const AT = new Date('2030-01-01T00:00:00Z');
const STATES = Object.keys(TRANSITIONS) as readonly WorkloadState[];
const SEEN: readonly Observation[] = [
  { state: 'absent' },
  { state: 'created' },
  { state: 'starting' },
  { state: 'running' },
  { state: 'finishing' },
  { state: 'exited', exit: { kind: 'EXITED', exitCode: 0 } },
  { state: 'exited', exit: { kind: 'LOST' } },
];

describe('a workload', () => {
  it('changes along its table only, whatever happens', () => {
    for (const state of STATES) {
      const followers = Object.values(TRANSITIONS[state]);
      for (const next of allThatCanHappen(workloadIn(state))) {
        assert.ok(next.state === state || followers.includes(next.state), `${state} ${next.state}`);
      }
    }
  });

  it('is the very same when nothing is new', () => {
    for (const state of STATES) {
      const workload = workloadIn(state);
      for (const next of allThatCanHappen(workload)) {
        assert.ok(next.state !== state || next === workload);
      }
    }
  });

  it('keeps its first end and its first cause', () => {
    const ended = observed(
      workloadIn('running'),
      { state: 'exited', exit: { kind: 'EXITED' } },
      AT,
    );
    assert.equal(observed(ended, { state: 'exited', exit: { kind: 'LOST' } }, AT), ended);

    const stopping = stopped(workloadIn('running'), 'INTERRUPTED', AT);
    assert.equal(stopped(stopping, 'STOPPED', AT), stopping);
  });

  it('that was asked to stop and had to be killed was stopped, not lost', () => {
    const lost: Observation = { state: 'exited', exit: { kind: 'LOST' } };
    assert.equal(observed(workloadIn('stopping'), lost, AT).exit?.kind, 'STOPPED');
    assert.equal(observed(workloadIn('running'), lost, AT).exit?.kind, 'LOST');
  });
});

describe('nextAction', () => {
  const CASES = [
    ['pending', { state: 'absent' }, 'start'],
    ['pending', { state: 'created' }, 'start'],
    ['pending', { state: 'starting' }, 'watch'],
    ['pending', { state: 'running' }, 'watch'],
    ['running', { state: 'running' }, 'watch'],
    ['stopping', { state: 'running' }, 'stop'],
    ['stopping', { state: 'absent' }, 'stop'],
    ['running', { state: 'finishing' }, 'watch'],
    ['stopping', { state: 'finishing' }, 'watch'],
    ['removing', { state: 'running' }, 'remove'],
    ['exited', { state: 'absent' }, 'nothing'],
    ['removed', { state: 'absent' }, 'nothing'],
  ] as const satisfies readonly (readonly [WorkloadState, Observation, string])[];
  for (const [state, seen, action] of CASES) {
    it(`is to ${action} for a ${state} workload that is seen ${seen.state}`, () => {
      assert.equal(nextAction(workloadIn(state), seen, AT), action);
    });
  }

  it('is to kill what does not listen long after its grace', () => {
    const later = new Date(AT.getTime() + 60_000);
    assert.equal(nextAction(workloadIn('stopping'), { state: 'running' }, later), 'kill');
  });

  it('is to leave what still sends what its workload left more time, but not for ever', () => {
    const workload = workloadIn('stopping');
    const after = (minutes: number) => new Date(AT.getTime() + minutes * 60_000);
    assert.equal(nextAction(workload, { state: 'finishing' }, after(5)), 'watch');
    assert.equal(nextAction(workload, { state: 'finishing' }, after(8)), 'kill');
  });

  it('is to hurry what still sends when the host goes down', () => {
    const workload = { ...workloadIn('stopping'), stop: { cause: 'INTERRUPTED' as const, at: AT } };
    assert.equal(nextAction(workload, { state: 'finishing' }, AT), 'stop');
  });

  it('is to stop what was never started, however late, so that its end is recorded', () => {
    const later = new Date(AT.getTime() + 60_000);
    for (const state of ['absent', 'created'] as const) {
      assert.equal(nextAction(workloadIn('stopping'), { state }, later), 'stop');
    }
  });
});

function allThatCanHappen(workload: Workload): readonly Workload[] {
  return [
    ...SEEN.map((seen) => observed(workload, seen, AT)),
    stopped(workload, 'STOPPED', AT),
    removed(workload),
    gone(workload),
  ];
}

function workloadIn(state: WorkloadState): Workload {
  const spec = {
    executionId: 'exe_1',
    cloneId: 'cln_1',
    epoch: 1,
    source: { bundle: 'bot', command: ['true'], tag: '' },
    parameters: [],
    limits: { timeLimitMs: 1, memoryBytes: 1, graceMs: 1_000, cpuMillis: 1, storageBytes: 1 },
    setup: PLAIN_SETUP,
    freshStorage: false,
    keyId: '',
  };
  const place = { runtime: 'process', hostId: 'here', slot: 0 };
  const stop = state === 'stopping' ? { stop: { cause: 'STOPPED' as const, at: AT } } : {};
  return { ...newWorkload(spec, place, AT), state, ...stop };
}
