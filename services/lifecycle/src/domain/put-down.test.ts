// Goal: a clone that cannot be put down is what it was, and what has expired does not run on.
// Method: pure; each phase that a clone is put down from.

import assert from 'node:assert/strict';
import { EXPIRED } from './changes.js';
import { type Clone, later } from './clone.js';
import { cloneIn, NOON } from './examples.js';
import { DEADLINES } from './phases.js';
import { archived, notPutDown, puttingDown } from './put-down.js';
import { askToExtend } from './requests.js';

const WHY = { at: NOON, deadlines: DEADLINES };
const HOUR_MS = 60 * 60_000;
const SPENT: Partial<Clone> = {
  expireAt: NOON,
  deleteDueAt: later(NOON, HOUR_MS),
  policy: { expireAfterMs: HOUR_MS, extendUpToMs: 9 * HOUR_MS },
  conditions: [{ type: EXPIRED, message: 'its time is over', sinceAt: NOON }],
};

describe('a clone that is put down', () => {
  it('is FAILED as before where it cannot be archived, and says why it is that', () => {
    const told = { reason: 'EXIT_CODE', message: 'no such file' };
    const going = puttingDown(cloneIn('FAILED', { ...told, desired: 'ARCHIVED' }), 'archive', WHY);
    const { phase, reason, message } = notPutDown(going, 'the host is away', WHY);
    assert.deepEqual({ phase, reason, message }, { phase: 'FAILED', ...told });
    assert.equal(archived(going, 'none', WHY).reason, '');
  });

  it('runs again with its expiry put off, though it could not be archived meanwhile', () => {
    const clone = cloneIn('SUSPENDED', { ...SPENT, desired: 'ARCHIVED', reason: EXPIRED });
    const back = notPutDown(puttingDown(clone, 'archive', WHY), 'the host is away', WHY);
    assert.equal(back.desired, 'SUSPENDED');
    assert.equal(askToExtend(back, HOUR_MS, NOON).desired, 'RUNNING');
  });

  for (const [desired, event] of [
    ['SUSPENDED', 'suspend'],
    ['ARCHIVED', 'archive'],
  ] as const) {
    it(`is tried again where it is to be ${desired} and has expired`, () => {
      const going = puttingDown(cloneIn('RUNNING', { ...SPENT, desired }), event, WHY);
      const back = notPutDown(going, 'the host is away', WHY);
      assert.deepEqual([back.phase, back.desired], ['RUNNING', 'SUSPENDED']);
      const well = puttingDown(cloneIn('RUNNING', { desired }), event, WHY);
      assert.equal(notPutDown(well, 'the host is away', WHY).desired, 'RUNNING');
    });
  }
});
