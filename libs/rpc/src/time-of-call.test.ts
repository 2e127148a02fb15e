import assert from 'node:assert/strict';
import { timeOf } from './time-of-call.js';

const LIMITS = { defaultDeadlineMs: 10, maxDeadlineMs: 30 };
const NOW = 1_000;
const NEVER = Number.POSITIVE_INFINITY;

describe('the time of a call', () => {
  for (const [what, given, streams, deadlineMs, endInMs] of [
    ['is what its client gives it', 1_020, false, 1_020, undefined],
    ['is over if its client says so', 900, false, 900, undefined],
    ['is the default without that', NEVER, false, 1_010, 10],
    ['is the maximum at most', 2_000, false, 1_030, 30],
    ['is what its client gives it, however long, if it streams', 2_000, true, 2_000, undefined],
    ['is without end if it streams, but for what comes before its handler', NEVER, true, NEVER, 10],
  ] as const) {
    it(what, () => {
      const time = timeOf({ given, now: NOW, streams }, LIMITS);
      assert.equal(time.deadlineMs, deadlineMs);
      assert.equal(time.endInMs, endInMs);
    });
  }
});
