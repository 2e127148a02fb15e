import assert from 'node:assert/strict';
import { decodeSecret } from './secret-encoding.js';

const CASES: readonly (readonly [string, string, string | undefined, string | undefined])[] = [
  ['hex', '00ff', 'hex', '00ff'],
  ['hex after 0x', '0x00Ff', 'hex', '00ff'],
  ['base64', 'AP8=', 'base64', '00ff'],
  ['bytes as they are', '00ff', undefined, '30306666'],
  ['half a byte', '0xf', 'hex', undefined],
  ['no hex', 'zz', 'hex', undefined],
  ['no digits', '0x', 'hex', undefined],
  ['base64 without its padding', 'AP8', 'base64', undefined],
  ['base64 for URLs', '__8=', 'base64', undefined],
  ['an encoding that there is not', '00', 'base58', undefined],
];

describe('the encoding of a secret', () => {
  for (const [what, text, encoding, expected] of CASES) {
    it(`${expected === undefined ? 'is not' : 'may be'} ${what}`, () => {
      const read = () => decodeSecret(Buffer.from(text), encoding);
      if (expected !== undefined) assert.equal(read().toString('hex'), expected);
      else assert.throws(read, ({ message }) => !message.includes(`'${text}'`));
    });
  }

  it('leaves nothing of the text', () => {
    const given = Buffer.from('00ff');
    decodeSecret(given, 'hex');
    assert.deepEqual(given, Buffer.alloc(4));
  });
});
