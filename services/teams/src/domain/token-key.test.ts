import assert from 'node:assert/strict';
import { LEAD_MS, type Signing, signingKey } from './token-key.js';

type Ages = Readonly<Record<string, number>>;

const CASES: readonly (readonly [string, Omit<Signing, 'ages'>, Ages, string])[] = [
  ['the first', { inFile: ['a', 'b'], current: 'b' }, { a: LEAD_MS, b: 2 * LEAD_MS }, 'a'],
  ['the one before, for now', { inFile: ['a', 'b'] }, { a: LEAD_MS - 1, b: LEAD_MS }, 'b'],
  ['no key that has left the file', { inFile: ['a'], current: 'b' }, { a: 1, b: LEAD_MS }, 'a'],
  ['then the one published first', { inFile: ['a', 'c'], current: 'b' }, { a: 1, b: 9, c: 2 }, 'c'],
  [
    'the one that has signed, known or not',
    { inFile: ['a', 'b'], current: 'b' },
    { a: 5, c: 9 },
    'b',
  ],
  ['the first of those known alike', { inFile: ['a', 'b'], current: 'b' }, { a: 5, b: 5 }, 'a'],
  ['the first of a mesh that is new', { inFile: ['a', 'b'] }, { a: 5, b: 5 }, 'a'],
  ['the one that others know longer', { inFile: ['a', 'b'] }, { a: 5, b: 6 }, 'b'],
  ['the only one there is', { inFile: ['a'] }, {}, 'a'],
];

describe('the key that signs', () => {
  for (const [what, signing, ages, expected] of CASES) {
    it(`is ${what}`, () => {
      assert.equal(signingKey({ ...signing, ages: new Map(Object.entries(ages)) }), expected);
    });
  }
});
