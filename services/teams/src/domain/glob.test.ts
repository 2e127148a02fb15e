import assert from 'node:assert/strict';
import { matchesGlob } from './glob.js';

const CASES: readonly (readonly [string, string, boolean])[] = [
  ['a', 'a', true],
  ['a', 'ab', false],
  ['a', 'ba', false],
  ['a*', 'a', true],
  ['a*', 'abc', true],
  ['a*c', 'abcc', true],
  ['a*c', 'abcd', false],
  ['a*', 'a:b', false],
  ['a*:*', 'a:b', true],
  ['a*b*c', 'axbybzc', true],
  ['repo:acme/*:ref:refs/heads/main', 'repo:acme/app:ref:refs/heads/main', true],
  ['repo:acme/*:ref:refs/heads/main', 'repo:acme/app:ref:refs/heads/main2', false],
  ['repo:acme/*:ref:refs/heads/main', 'xrepo:acme/app:ref:refs/heads/main', false],
  ['repo:acme/*:ref:refs/heads/main', 'repo:acme/app:x:ref:refs/heads/main', false],
  ['repo:acme/*', 'repo:acme-evil/app', false],
  ['a.c', 'abc', false],
  ['a', '', false],
];

describe('a pattern', () => {
  for (const [pattern, text, expected] of CASES) {
    it(`${pattern} ${expected ? 'is' : 'is not'} ${text}`, () => {
      assert.equal(matchesGlob(pattern, text), expected);
    });
  }

  it('says the same as an expression would, of whatever is made up', () => {
    let seed = 42;
    const next = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    const make = (letters: string): string =>
      Array.from({ length: next(8) }, () => letters.charAt(next(letters.length))).join('');
    for (let round = 0; round < 20_000; round += 1) {
      const [pattern, text] = [make('ab:*'), make('ab:')];
      const expression = new RegExp(`^${pattern.replaceAll('*', '[^:]*')}$`);
      assert.equal(matchesGlob(pattern, text), expression.test(text), `${pattern} ${text}`);
    }
  });
});
