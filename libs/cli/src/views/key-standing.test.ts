import assert from 'node:assert/strict';
import { Key, KeyState } from '@ramet/proto-gen/keys.v1';
import { whyNotFree } from './key-standing.js';

const NOW = new Date('2030-01-01T00:00:00Z');
const [BEFORE, AFTER] = [new Date('2029-01-01T00:00:00Z'), new Date('2031-01-01T00:00:00Z')];

const CASES: readonly (readonly [
  string,
  Parameters<typeof Key.fromPartial>[0],
  RegExp | undefined,
])[] = [
  ['that is held', { hold: { cloneId: 'cln_1' } }, /^clone cln_1 holds it/],
  ['that is disabled', { state: KeyState.DISABLED }, /^it is disabled$/],
  ['that is not valid yet', { validFrom: AFTER }, /^it is valid from 2031/],
  ['that is not valid any more', { validUntil: BEFORE }, /^it was valid until 2029/],
  ['that is a default', { defaultKey: true, id: 'key_1' }, /default key.*key_1/],
  ['that is free', { validFrom: BEFORE, validUntil: AFTER }, undefined],
];

describe('why a clone cannot get a key', () => {
  for (const [what, fields, expected] of CASES) {
    it(`is told for one ${what}`, () => {
      const why = whyNotFree(Key.fromPartial({ state: KeyState.ENABLED, ...fields }), NOW);
      if (expected) assert.match(why ?? '', expected);
      else assert.equal(why, undefined);
    });
  }
});
