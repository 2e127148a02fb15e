import assert from 'node:assert/strict';
import type { Clone } from './clone.js';
import { afterNoon, cloneIn, EXECUTION, releaseOf, stageOf } from './examples.js';
import { signUntil } from './sign-until.js';

const DAY_MS = 24 * 3_600_000;
const ENDLESS: Partial<Clone> = { kind: 'INSTANCE' };
const runs = (days: number): Partial<Clone> => ({
  ...ENDLESS,
  release: releaseOf(stageOf('main', { limits: { runTimeMs: days * DAY_MS } })),
});
const expires = (days: number): Partial<Clone> => ({ ...ENDLESS, expireAt: inDays(days) });

/** In days after noon, when the clone and its execution were created. */
const CASES: readonly (readonly [string, Partial<Clone>, number | undefined])[] = [
  ['that ends by itself', { kind: 'BOT' }, undefined],
  ['that has no end', ENDLESS, undefined],
  ['that may run for a week', runs(7), undefined],
  ['that may run for as long as may be', runs(30), 31],
  ['that expires soon', expires(20), undefined],
  ['that expires later', expires(90), 91],
  ['that expires much later than grants may last', expires(1_000), 365],
  ['that expires later, and ends by itself', { kind: 'BOT', expireAt: inDays(90) }, undefined],
  [
    'that expires soon, and may be extended',
    { ...expires(20), policy: { extendUpToMs: 60 * DAY_MS } },
    61,
  ],
  [
    'that an admin gave more than it could be extended to',
    { ...expires(90), policy: { extendUpToMs: 60 * DAY_MS } },
    91,
  ],
];

describe('until when an execution is to sign', () => {
  for (const [what, given, days] of CASES) {
    it(`is ${days === undefined ? 'for keys to say' : `${days} days on`}, of a clone ${what}`, () => {
      const until = signUntil(cloneIn('PREPARING', given));
      assert.deepEqual(until, days === undefined ? undefined : inDays(days));
    });
  }

  it('is later for an execution that is put off', () => {
    const execution = { ...EXECUTION, notBefore: inDays(1) };
    assert.deepEqual(signUntil(cloneIn('PREPARING', { ...runs(30), execution })), inDays(32));
  });
});

function inDays(days: number): Date {
  return afterNoon(days * DAY_MS);
}
