import assert from 'node:assert/strict';
import { isName, requireName } from './name.js';

const GOOD = ['a', 'ada', 'team-1', 'a--b', 'a'.repeat(40)];
const BAD = [
  '',
  'A',
  'Admin',
  '1a',
  '-a',
  'a-',
  'a_b',
  'a.b',
  'a b',
  ' a',
  'a ',
  'a\n',
  'a\u200b',
  'é',
  'e\u0301',
  'a\0',
  'a'.repeat(41),
];

describe('a name', () => {
  for (const name of GOOD) {
    it(`may be ${JSON.stringify(name)}`, () => assert.ok(isName(name)));
  }

  for (const name of BAD) {
    it(`may not be ${JSON.stringify(name)}`, () => assert.ok(!isName(name)));
  }

  it('is refused under its field', () => {
    const isNamed = (thrown: { violations?: readonly { field: string }[] }): boolean =>
      thrown.violations?.[0]?.field === 'name';
    assert.throws(() => requireName('A'), isNamed);
  });
});
