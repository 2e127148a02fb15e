import assert from 'node:assert/strict';
import { createdOf, requireActive, requireValidity, stateOf } from './key.js';
import { AT, aNewKey } from './sample-key.js';

const EARLIER = new Date(AT.getTime() - 1);
const LATER = new Date(AT.getTime() + 1);
const KEY = createdOf(aNewKey(), AT);

describe('the state of a key', () => {
  const cases = [
    ['enabled', {}],
    ['disabled', { disabledAt: AT }],
    ['pending_deletion', { disabledAt: AT, deletedAt: AT }],
    ['destroyed', { disabledAt: AT, deletedAt: AT, destroyedAt: AT }],
  ] as const;
  for (const [state, times] of cases) {
    it(`is ${state} with ${Object.keys(times).join(', ') || 'nothing'}`, () => {
      assert.equal(stateOf({ ...KEY, ...times }), state);
    });
  }
});

describe('a key', () => {
  const cases = [
    ['OK', {}],
    ['OK', { validFrom: AT, validUntil: LATER }],
    ['KEY_NOT_YET_VALID', { validFrom: LATER }],
    ['KEY_EXPIRED', { validUntil: AT }],
    ['KEY_EXPIRED', { validFrom: EARLIER, validUntil: AT }],
    ['KEY_DISABLED', { disabledAt: AT, validUntil: AT }],
  ] as const;
  for (const [reason, change] of cases) {
    it(`is ${reason} for use with ${Object.keys(change).join(', ') || 'no bounds'}`, () => {
      const use = () => requireActive({ ...KEY, ...change }, AT);
      if (reason === 'OK') use();
      else assert.throws(use, { reason });
    });
  }

  it('is refused if it would be valid at no time', () => {
    for (const validUntil of [EARLIER, AT]) {
      assert.throws(() => requireValidity({ validFrom: AT, validUntil }), /valid_until/);
    }
    requireValidity({ validFrom: AT, validUntil: LATER });
    requireValidity({ validFrom: undefined, validUntil: EARLIER });
  });
});
