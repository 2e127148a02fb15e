// Goal: what is asked of a clone is accepted only where it can come true, and asking twice is asking
// once.
// Method: clones in the moments between a wish and what comes of it.

import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { EXPIRED } from './changes.js';
import type { Clone } from './clone.js';
import { afterNoon, cloneIn, NOON } from './examples.js';
import {
  askToExpire,
  askToExtend,
  askToRestart,
  askToRestore,
  askToResume,
  askToStop,
} from './requests.js';
import { timeUp } from './timers.js';

const HOUR_MS = 60 * 60_000;
const SPENT: Partial<Clone> = {
  desired: 'SUSPENDED',
  expireAt: NOON,
  deleteDueAt: afterNoon(HOUR_MS),
  conditions: [{ type: EXPIRED, message: 'its time is over', sinceAt: NOON }],
  policy: { expireAfterMs: HOUR_MS, extendUpToMs: 9 * HOUR_MS },
};

const TO_STOP: Partial<Clone> = { desired: 'STOPPED' };

type Ask = (clone: Clone) => Clone;
const extend: Ask = (clone) => askToExtend(clone, HOUR_MS, NOON);

const REFUSED: readonly (readonly [string, Ask, Clone])[] = [
  [
    'stopping what is suspended first and then runs again',
    askToStop,
    extend(cloneIn('SUSPENDING', SPENT)),
  ],
  ['resuming what is stopped as it resumes', askToResume, cloneIn('RESUMING', TO_STOP)],
  ['restoring what is stopped as it is restored', askToRestore, cloneIn('RESTORING', TO_STOP)],
  ['resuming what has expired as it resumes', askToResume, cloneIn('RESUMING', SPENT)],
];

const NOTHING_NEW: readonly (readonly [string, Ask, Clone])[] = [
  ['a restart', (clone) => askToRestart(clone, true), cloneIn('COMPLETED')],
  ['a restart from nothing', (clone) => askToRestart(clone, false), cloneIn('FAILED')],
  ['an expiry', (clone) => askToExpire(clone, afterNoon(1), NOON), cloneIn('RUNNING')],
  ['no expiry', (clone) => askToExpire(clone, undefined, NOON), cloneIn('RUNNING', SPENT)],
];

describe('what is asked of a clone', () => {
  for (const [name, ask, clone] of REFUSED) {
    it(`is refused where it would never come true: ${name}`, () => {
      const isConflict = (thrown: unknown): boolean =>
        thrown instanceof PublicError && thrown.reason === 'CLONE_PHASE_CONFLICT';
      assert.throws(() => ask(clone), isConflict);
    });
  }

  for (const [name, ask, clone] of NOTHING_NEW) {
    it(`changes nothing when it is asked again: ${name}`, () => {
      const once = ask(clone);
      assert.notEqual(once, clone);
      assert.equal(ask(once), once);
    });
  }

  it('is another way to restart, if it was to be from nothing', () => {
    const kept = askToRestart(cloneIn('COMPLETED'), true);
    assert.equal(askToRestart(kept, false).restart, 'fresh');
  });

  it('is to run again, if it was suspended for an expiry that is put off, and not by somebody', () => {
    const action = { id: 'act-1', name: 'clones.suspend' };
    assert.equal(extend(cloneIn('RUNNING', SPENT)).desired, 'RUNNING');
    assert.equal(extend(cloneIn('SUSPENDING', SPENT)).desired, 'RUNNING');
    const byHand = extend(cloneIn('SUSPENDING', { ...SPENT, action }));
    assert.deepEqual([byHand.desired, byHand.conditions], ['SUSPENDED', []]);
  });

  it('stays in the archive, if its time is over before it was restored', () => {
    const clone = cloneIn('ARCHIVED', { desired: 'RUNNING', expireAt: NOON });
    assert.equal(timeUp(clone, NOON, undefined)?.next.desired, 'ARCHIVED');
  });
});
