import assert from 'node:assert/strict';
import { targetsOf } from './targets.js';

const KEY = `key_${'1'.repeat(26)}`;
const CLONE = `cln_${'2'.repeat(26)}`;
const TEAM = `tem_${'3'.repeat(26)}`;

describe('targetsOf', () => {
  const cases: readonly (readonly [string, unknown, unknown, readonly string[]])[] = [
    ['ids of a request', { id: KEY, cloneId: CLONE }, undefined, [KEY, CLONE]],
    ['lists of ids', { ids: [KEY, CLONE, KEY] }, undefined, [KEY, CLONE]],
    ['owners', { owner: { owner: { $case: 'teamId', value: TEAM } } }, undefined, [TEAM]],
    ['what was made', { name: 'x' }, { key: { id: KEY, holder: CLONE } }, [KEY]],
    ['no text that only looks like an id', { labels: { a: KEY }, name: KEY }, undefined, []],
    ['no request ids', { requestId: 'r1' }, undefined, []],
    ['nothing of bytes', Buffer.from(KEY), Buffer.from(KEY), []],
    ['nothing of nothing', undefined, undefined, []],
  ];
  for (const [what, request, response, expected] of cases) {
    it(`finds ${what}`, () => assert.deepEqual(targetsOf(request, response), expected));
  }

  it('finds 20 at most', () => {
    const ids = Array.from({ length: 30 }, (_, n) => `key_${String(n).padStart(26, '0')}`);
    assert.equal(targetsOf({ ids }, undefined).length, 20);
  });
});
