import assert from 'node:assert/strict';
import { requireBound } from './binding.js';

const CLONE = `cln_${'1'.repeat(26)}`;
const OTHER = `cln_${'2'.repeat(26)}`;
const BOT = `bot_${'1'.repeat(26)}`;
const ADA = `usr_${'1'.repeat(26)}`;
const TARGET = { targetId: CLONE, ownerId: '', requestId: '7' };
const OWNER = { targetId: '', ownerId: ADA, requestId: '7' };
const MANY = Array.from({ length: 30 }, (_, n) => `bot_${String(n).padStart(26, '0')}`);
const DEEP = { d: [{ e: { cloneId: OTHER } }] };
const ownedBy = (value: string) => ({ owner: { $case: 'userId', value } });

describe('a token that is bound', () => {
  const cases: readonly (readonly [string, typeof TARGET, unknown, boolean])[] = [
    ['to a target, of it', TARGET, { id: CLONE }, true],
    ['to a target, of it by another name', TARGET, { cloneId: CLONE, kind: 1 }, true],
    ['to a target, of it with things of other kinds', TARGET, { id: CLONE, botId: BOT }, true],
    ['to a target, of another one', TARGET, { id: OTHER }, false],
    ['to a target, of both', TARGET, { ids: [CLONE, OTHER] }, false],
    ['to a target, of another one after many', TARGET, { id: CLONE, ids: [...MANY, OTHER] }, false],
    ['to a target, of another one far below', TARGET, { id: CLONE, a: { b: { c: DEEP } } }, false],
    ['to a target, of another kind', TARGET, { id: BOT }, false],
    ['to a target, of nothing', TARGET, {}, false],
    ['to a target, of the whole of an owner', TARGET, { owner: ownedBy(ADA) }, false],
    ['to a target, of a stream', TARGET, undefined, false],
    ['to a target, with its request id', TARGET, { id: CLONE, requestId: '7' }, true],
    ['to a target, with another request id', TARGET, { id: CLONE, requestId: '8' }, false],
    ['to an owner, of theirs', OWNER, { owner: ownedBy(ADA), requestId: '7', botId: BOT }, true],
    ['to an owner, of theirs without a request id', OWNER, { owner: ownedBy(ADA) }, true],
    ['to an owner, with no request id set', OWNER, { owner: ownedBy(ADA), requestId: '' }, false],
    ['to an owner, of another one', OWNER, { owner: ownedBy(OTHER), requestId: '7' }, false],
    ['to an owner, of one thing', OWNER, { id: CLONE, owner: ownedBy(ADA) }, false],
    ['to an owner, of many things', OWNER, { ids: [CLONE], owner: ownedBy(ADA) }, false],
    ['to an owner, of nobody', OWNER, {}, false],
    ['to an owner, of a stream', OWNER, undefined, false],
  ];
  for (const [what, binding, request, isGood] of cases) {
    it(`${what}, is ${isGood ? 'good' : 'refused'}`, () => {
      const ask = () => requireBound(binding, request);
      if (isGood) ask();
      else assert.throws(ask, { reason: 'TARGET_MISMATCH' });
    });
  }
});
