import assert from 'node:assert/strict';
import { type Fate, fateOf, idleEnd, loginEnd, mayHaveToken, type Shown } from './login.js';

const NOW = new Date('2030-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const at = (ms: number): Date => new Date(NOW.getTime() + ms);
const FRESH: Shown = {
  generation: 3,
  newest: 3,
  usedAt: null,
  expiresAt: at(HOUR_MS),
  isLive: true,
};
const USED: Shown = { ...FRESH, generation: 2 };

const CASES: readonly (readonly [string, Shown, Fate])[] = [
  ['the newest', FRESH, 'next'],
  ['the newest at its end', { ...FRESH, expiresAt: NOW }, 'over'],
  ['the newest of a login that is over', { ...FRESH, isLive: false }, 'over'],
  ['the one before, a moment after', { ...USED, usedAt: at(-30_000) }, 'again'],
  ['the one before, too late', { ...USED, usedAt: at(-30_001) }, 'stolen'],
  ['an older one, a moment after', { ...USED, generation: 1, usedAt: at(-1) }, 'stolen'],
  ['a used one of a login that is over', { ...USED, usedAt: at(-1), isLive: false }, 'over'],
];

describe('a refresh token (T16)', () => {
  for (const [what, shown, expected] of CASES) {
    it(`is ${expected} if it is ${what}`, () => {
      assert.equal(fateOf(shown, NOW), expected);
    });
  }

  it('ends after a day, and with its login', () => {
    const expiresAt = loginEnd(NOW);
    assert.equal(expiresAt.getTime() - NOW.getTime(), 30 * 24 * HOUR_MS);
    assert.deepEqual(idleEnd({ expiresAt }, NOW), at(24 * HOUR_MS));
    assert.deepEqual(idleEnd({ expiresAt: at(HOUR_MS) }, NOW), at(HOUR_MS));
  });
});

describe('a login that ends', () => {
  const expiresAt = at(20 * 24 * HOUR_MS);
  for (const [what, tokenEnd, end, expected] of [
    ['was used now', at(24 * HOUR_MS), expiresAt, true],
    ['was used two hours ago', at(22 * HOUR_MS), expiresAt, true],
    ['was not used since', at(22 * HOUR_MS - 1), expiresAt, false],
    ['was used on its last day', at(HOUR_MS), at(HOUR_MS), true],
  ] as const) {
    it(`may have a token: ${expected}, if it ${what}`, () => {
      assert.equal(mayHaveToken({ tokenExpiresAt: tokenEnd, expiresAt: end }, NOW), expected);
    });
  }
});
