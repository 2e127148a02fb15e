import assert from 'node:assert/strict';
import { covers, narrow, requireKnown } from './scope.js';

const COVERED: readonly (readonly [string, string, boolean])[] = [
  ['keys.list', 'keys.list', true],
  ['keys.*', 'keys.list', true],
  ['keys.*', 'keys.*', true],
  ['clones.*', 'clones.logs.*', true],
  ['keys.list', 'keys.*', false],
  ['keys.list', 'keys.list_available', false],
  ['keys.*', 'keys', false],
  ['key.*', 'keys.list', false],
  ['keys.*', 'clones.list', false],
];

describe('a scope', () => {
  for (const [held, wanted, expected] of COVERED) {
    it(`${held} ${expected ? 'covers' : 'does not cover'} ${wanted}`, () => {
      assert.equal(covers(held, wanted), expected);
    });
  }

  it('of a new credential is what was asked for, else all that the caller has', () => {
    assert.deepEqual(narrow([], []), []);
    assert.deepEqual(narrow([], ['keys.list']), ['keys.list']);
    assert.deepEqual(narrow(['keys.*', 'clones.get'], ['keys.list']), ['keys.list']);
    assert.deepEqual(narrow(['keys.*'], []), ['keys.*']);
  });

  it('names actions that there are', () => {
    const known = { actions: ['keys.list', 'clones.get'], field: 'scopes' };

    requireKnown([], known);
    requireKnown(['keys.*', 'keys.list', 'clones.*'], known);
    assert.throws(() => requireKnown(['keys.list', 'keys.lst', 'key.*'], known), {
      reason: 'REQUEST_INVALID',
      violations: [
        { field: 'scopes[1]', description: 'there is no such action: keys.lst' },
        { field: 'scopes[2]', description: 'there is no such action: key.*' },
      ],
    });
  });

  it('is never widened (T32)', () => {
    for (const wanted of [['keys.*'], ['keys.list', 'clones.list'], ['api_keys.create']]) {
      assert.throws(() => narrow(['keys.list'], wanted), {
        code: 'permission_denied',
        reason: 'SCOPE_MISSING',
      });
    }
  });
});
