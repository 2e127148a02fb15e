import assert from 'node:assert/strict';
import type { Clone, Outcome, Report } from './clone.js';
import { cloneIn, EXECUTION, NOON } from './examples.js';
import {
  DEADLINE_EXCEEDED,
  EXITS,
  type Exit,
  outcomeOf,
  STOP_REQUESTED,
  type Workload,
} from './outcome.js';

type Verdict = readonly [Outcome['kind'], string];

const GOOD: Report = { success: true, message: 'fine', metrics: [] };
const BAD: Report = { success: false, message: 'lost all', metrics: [] };

const EXIT_0 = exit('EXITED', 0);
const CASES: readonly (readonly [string, Exit, Report | undefined, Verdict])[] = [
  ['exit 0 without a word', EXIT_0, undefined, ['SUCCEEDED', '']],
  ['exit 0 and a good report', EXIT_0, GOOD, ['SUCCEEDED', '']],
  ['exit 0 and a bad report', EXIT_0, BAD, ['FAILED', 'REPORTED']],
  ['exit 1 and a good report', exit('EXITED', 1), GOOD, ['FAILED', 'EXIT_CODE']],
  ['exit 1 and a bad report', exit('EXITED', 1), BAD, ['FAILED', 'EXIT_CODE']],
  ['an exit without a code', exit('EXITED'), GOOD, ['FAILED', 'LOST']],
  ['a signal', exit('SIGNALED'), GOOD, ['FAILED', 'SIGNAL']],
  ['a stop', exit('STOPPED'), GOOD, ['STOPPED', STOP_REQUESTED]],
  ['too much memory', exit('OUT_OF_MEMORY'), GOOD, ['FAILED', 'OUT_OF_MEMORY']],
  ['too much time', exit('TIMED_OUT'), GOOD, ['TIMED_OUT', 'TIMED_OUT']],
  ['a host that went down', exit('INTERRUPTED'), GOOD, ['INTERRUPTED', 'INTERRUPTED']],
  ['a start that failed', exit('START_FAILED'), GOOD, ['FAILED', 'START_FAILED']],
  ['an end that nobody saw', exit('LOST'), GOOD, ['FAILED', 'LOST']],
];

describe('the outcome of an execution', () => {
  for (const [name, how, report, [kind, reason]] of CASES) {
    it(`of ${name} is ${kind} ${reason}`, () => {
      const outcome = outcomeOf(ran({ report }), ended(how));

      assert.deepEqual([outcome.kind, outcome.reason], [kind, reason]);
    });
  }

  it('says of a bad exit what the workload said, unless more was seen', () => {
    const seen = { ...exit('EXITED', 1), message: 'it was seen' };

    assert.equal(outcomeOf(ran({ report: BAD }), ended(exit('EXITED', 1))).message, 'lost all');
    assert.equal(outcomeOf(ran({ report: BAD }), ended(seen)).message, 'it was seen');
    assert.equal(outcomeOf(ran({ report: GOOD }), ended(exit('EXITED', 1))).message, '');
  });

  it('is judged by the exit even if a stop was asked for', () => {
    const stopping = { ...ran({}), desired: 'STOPPED', reason: STOP_REQUESTED } as const;

    assert.equal(outcomeOf(stopping, ended(EXIT_0)).kind, 'SUCCEEDED');
    assert.equal(outcomeOf(stopping, ended(exit('STOPPED'))).kind, 'STOPPED');
  });

  it('is never good after a missed deadline', () => {
    const late = { ...ran({ report: GOOD }), reason: DEADLINE_EXCEEDED };

    for (const kind of EXITS) {
      assert.equal(outcomeOf(late, ended(exit(kind, 0))).kind, 'TIMED_OUT', kind);
    }
  });

  it('is good only for exit 0 that was observed, whatever was said', () => {
    for (const kind of EXITS) {
      for (const code of [undefined, 0, 1, 137]) {
        for (const report of [undefined, GOOD, BAD]) {
          const { kind: result } = outcomeOf(ran({ report }), ended(exit(kind, code)));
          const mayBeGood = kind === 'EXITED' && code === 0 && report !== BAD;
          assert.equal(result === 'SUCCEEDED', mayBeGood, `${kind} ${code} ${report?.message}`);
        }
      }
    }
  });

  it('of what never ran is why it did not', () => {
    const failed = cloneIn('FINALIZING', { execution: EXECUTION, reason: 'KEY_IN_USE' });
    const stopped = cloneIn('FINALIZING', { execution: EXECUTION, desired: 'STOPPED' });

    assert.equal(outcomeOf(failed, 'none').reason, 'KEY_IN_USE');
    assert.equal(outcomeOf(stopped, 'none').kind, 'STOPPED');
  });

  it('of what ran and is gone without a trace is LOST', () => {
    for (const gone of ['none', undefined, { state: 'REMOVED' }] as const) {
      assert.equal(outcomeOf(ran({ report: GOOD }), gone).reason, 'LOST');
    }
  });
});

function ran({ report }: { readonly report?: Report | undefined }): Clone {
  const execution = { ...EXECUTION, startedAt: NOON, ...(report && { report }) };
  return cloneIn('FINALIZING', { execution });
}

function exit(kind: Exit['kind'], exitCode?: number): Exit {
  return { kind, signal: '', message: '', ...(exitCode !== undefined && { exitCode }) };
}

function ended(how: Exit): Workload {
  return { state: 'EXITED', exit: how, startedAt: NOON, endedAt: NOON };
}
