import assert from 'node:assert/strict';
import { diffOf } from './diff.js';

const CASES = [
  ['nothing', { name: 'a' }, { name: 'a' }, []],
  ['a field', { name: 'a' }, { name: 'b' }, [['name', '"a"', '"b"']]],
  ['a field that is new', {}, { phaseTime: 1 }, [['phase_time', '', '1']]],
  [
    'a field of a part',
    { release: { tag: 'v1', number: 1 } },
    { release: { tag: 'v2', number: 1 } },
    [['release.tag', '"v1"', '"v2"']],
  ],
  [
    'one of many',
    { stages: [{ state: 1 }, { state: 1 }] },
    { stages: [{ state: 1 }, { state: 2 }] },
    [['stages[1].state', '1', '2']],
  ],
  ['one more', { traits: [] }, { traits: ['x'] }, [['traits[0]', '', '"x"']]],
  [
    'a part that is new',
    { release: undefined },
    { release: { n: 1 } },
    [['release', '', '{"n":1}']],
  ],
  ['a large number', { n: 1n }, { n: 2n }, [['n', '"1"', '"2"']]],
  ['bytes', { hash: Buffer.of(1) }, { hash: Buffer.of(1) }, []],
  ['what always changes', { seq: 1, updateTime: 1 }, { seq: 2, updateTime: 2 }, []],
] as const;

describe('diffOf', () => {
  for (const [name, a, b, expected] of CASES) {
    it(`tells ${name}`, () => {
      const told = diffOf(a, b, ['seq', 'updateTime']).map((diff) => [diff.path, diff.a, diff.b]);
      assert.deepEqual(told, expected);
    });
  }
});
