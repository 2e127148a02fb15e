import assert from 'node:assert/strict';
import { requireTimely, type SignedRequest, textOf } from './signed-request.js';

const AT = new Date('2030-01-01T00:00:00Z');
const REQUEST: SignedRequest = {
  meshId: 'msh_1',
  ...{ action: 'clones.stop', targetId: 'cln_1', ownerId: '', nonce: 1_234_567_890_123_456_789n },
  expiresAt: new Date('2030-01-01T00:05:00.001Z'),
};

describe('the text of a signed request', () => {
  it('is what docs/signed-requests.md says', () => {
    assert.equal(
      textOf(REQUEST),
      `Ramet signed request, version 2
mesh: msh_1
action: clones.stop
target: cln_1
owner: 
nonce: 1234567890123456789
expires: 2030-01-01T00:05:00.001Z`,
    );
  });

  it('is another one for every part that differs', () => {
    const others: readonly SignedRequest[] = [
      { ...REQUEST, meshId: 'msh_2' },
      { ...REQUEST, action: 'clones.delete' },
      { ...REQUEST, targetId: 'cln_2' },
      { ...REQUEST, targetId: '', ownerId: 'cln_1' },
      { ...REQUEST, nonce: REQUEST.nonce + 1n },
      { ...REQUEST, expiresAt: new Date('2030-01-01T00:05:00.002Z') },
    ];
    const texts = [REQUEST, ...others].map(textOf);
    assert.equal(new Set(texts).size, texts.length);
  });
});

describe('requireTimely', () => {
  const cases: readonly (readonly [string, number, boolean])[] = [
    ['ended a moment ago', -1, false],
    ['ends now', 0, false],
    ['ends soon', 1, true],
    ['ends in ten minutes', 600_000, true],
    ['ends later', 600_001, false],
    ['never ends', Number.NaN, false],
  ];
  for (const [what, ms, isGood] of cases) {
    it(`${isGood ? 'takes' : 'refuses'} what ${what}`, () => {
      const ask = () => requireTimely({ expiresAt: new Date(AT.getTime() + ms) }, AT);
      if (isGood) ask();
      else assert.throws(ask, { reason: 'SIGNATURE_EXPIRED' });
    });
  }
});
