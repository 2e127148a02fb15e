import assert from 'node:assert/strict';
import { WatchClonesResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Sight } from '../domain/sight.js';
import { encoded } from './changes.js';
import { createCursors, decodeCursor, gainedSince, requireFilter } from './cursor.js';

const owners = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `tem_${String(n).padStart(26, '0')}`);

describe('the cursor of a watch', () => {
  for (const [name, before, now, gained] of [
    ['the same owners', ['usr_1', 'tem_1'], ['tem_1', 'usr_1'], []],
    ['one more', ['usr_1'], ['usr_1', 'tem_1'], ['tem_1']],
    ['one less', ['usr_1', 'tem_1'], ['usr_1'], undefined],
    ['another one', ['usr_1', 'tem_1'], ['usr_1', 'tem_2'], undefined],
    ['all, as before', 'all', 'all', []],
    ['all, where it was some', ['usr_1'], 'all', undefined],
    ['some, where it was all', 'all', ['usr_1'], undefined],
    ['many, as before', owners(500), owners(500), []],
    ['one more than many', owners(500), owners(501), undefined],
    ['as many as fit, and one more', owners(50), owners(51), [owners(51)[50]]],
    ['one that sees none, and then one', [], ['usr_1'], undefined],
  ] as readonly (readonly [string, Sight, Sight, readonly string[] | undefined])[]) {
    it(`tells who has come into sight: ${name}`, () => {
      const cursor = createCursors('filter', before).at(7n);

      assert.ok(cursor.length <= 256);
      assert.deepEqual(gainedSince(decodeCursor(cursor), now), gained);
    });
  }

  it('stands at the end of a response as if it was encoded with it', () => {
    const event = { $case: 'left', value: { cloneId: 'cln_1', seq: 3, reason: 1 } } as const;
    for (const count of [0, 3, 24, 25, 50]) {
      const cursors = createCursors('filter', owners(count));
      const position = 2n ** 40n + BigInt(count);
      const bytes = cursors.append(encoded(event), position);

      assert.deepEqual(WatchClonesResponse.decode(bytes), { event, cursor: cursors.at(position) });
      assert.equal(decodeCursor(cursors.at(position)).position, position);
    }
  });

  it('is for one filter', () => {
    const place = decodeCursor(createCursors('one', ['usr_1']).at(1n));

    requireFilter(place, 'one');
    assert.throws(() => requireFilter(place, 'another'), { reason: 'REQUEST_INVALID' });
  });
});
