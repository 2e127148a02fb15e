import assert from 'node:assert/strict';
import { policyOf, policyViolations } from './policy.js';
import type { Policy } from './spec.js';

const DAY = 86_400_000;
const TRIAL: Policy = {
  expireAfterMs: 10 * DAY,
  expiryGraceMs: 2 * DAY,
  extendUpToMs: 20 * DAY,
  idleAfterMs: DAY,
  resultRetentionMs: DAY,
  archiveRetentionMs: DAY,
  startWithinMs: 60_000,
};

type Case = readonly [string, Policy, Policy, readonly string[]];

const CASES: readonly Case[] = [
  ['nothing', TRIAL, {}, []],
  ['the same', TRIAL, TRIAL, []],
  ['a shorter life', TRIAL, { expireAfterMs: 1 }, []],
  ['a longer life', TRIAL, { expireAfterMs: 10 * DAY + 1 }, ['policy.expire_after']],
  ['a longer grace', TRIAL, { expiryGraceMs: 3 * DAY }, ['policy.expiry_grace']],
  ['more extension', TRIAL, { extendUpToMs: 21 * DAY }, ['policy.extend_up_to']],
  ['idling for longer', TRIAL, { idleAfterMs: 2 * DAY }, ['policy.idle_after']],
  ['more time to start', TRIAL, { startWithinMs: 3_600_000 }, []],
  [
    'longer retention',
    TRIAL,
    { resultRetentionMs: 2 * DAY, archiveRetentionMs: 2 * DAY },
    ['policy.result_retention', 'policy.archive_retention'],
  ],
  ['an expiry of its own', {}, { expireAfterMs: DAY, extendUpToMs: 9 * DAY }, []],
  ['idling with no limit above', {}, { idleAfterMs: 9 * DAY }, []],
  [
    'what the template leaves to the defaults',
    { expireAfterMs: DAY },
    { expiryGraceMs: 14 * DAY },
    [],
  ],
  [
    'more than the defaults',
    { expireAfterMs: DAY },
    { expiryGraceMs: 14 * DAY + 1, extendUpToMs: 2 * DAY },
    ['policy.expiry_grace', 'policy.extend_up_to'],
  ],
];

describe('the policy of a clone that asks for', () => {
  for (const [what, template, asked, expected] of CASES) {
    it(`${what}: ${expected.length === 0 ? 'allowed' : 'refused'}`, () => {
      const fields = policyViolations(template, asked).map(({ field }) => field);
      assert.deepEqual(fields, expected);
      if (expected.length > 0) assert.throws(() => policyOf(template, asked), /as its template/);
      else assert.deepEqual(policyOf(template, asked), { ...template, ...asked });
    });
  }
});
