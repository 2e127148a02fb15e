import assert from 'node:assert/strict';
import { addressOf, type S3Location } from './location.js';
import { inParts } from './parts.js';
import { elementsOf, escaped, textOf } from './xml.js';

describe('addressOf', () => {
  const location: S3Location = {
    endpoint: new URL('https://s3.example:9000/base/'),
    region: 'r',
    bucket: 'bucket',
    prefix: 'pre/fix',
    forcePathStyle: true,
  };
  const cases: readonly [Partial<S3Location>, string, string][] = [
    [{}, 'a/b', 'https://s3.example:9000/base/bucket/pre/fix/a/b'],
    [{}, '', 'https://s3.example:9000/base/bucket'],
    [{ prefix: '' }, 'a', 'https://s3.example:9000/base/bucket/a'],
    [{ forcePathStyle: false }, 'a', 'https://bucket.s3.example:9000/base/pre/fix/a'],
    [{ endpoint: new URL('https://aws'), forcePathStyle: false }, '', 'https://bucket.aws/'],
    [{ endpoint: new URL('https://aws') }, 'a', 'https://aws/bucket/pre/fix/a'],
  ];
  for (const [changes, key, expected] of cases) {
    it(`is ${expected}`, () => {
      assert.equal(addressOf({ ...location, ...changes }, key).href, expected);
    });
  }
});

describe('the answers of S3', () => {
  it('give their elements', () => {
    const xml = '<L><C><K>a</K></C><C><K>b</K></C><C><K>c</K><N/></L>';
    assert.deepEqual(elementsOf(xml, 'C'), ['<K>a</K>', '<K>b</K>']);
    assert.deepEqual(elementsOf(xml, 'K'), ['a', 'b', 'c']);
    assert.deepEqual(elementsOf('', 'K'), []);
    assert.equal(textOf(xml, 'N'), undefined);
  });

  it('give texts as they were meant, and as they were escaped', () => {
    const text = `"a" & 'b' <c> &amp;`;
    assert.equal(textOf(`<T>${escaped(text)}</T>`, 'T'), text);
    assert.equal(textOf('<T>&#65;&#x42;&apos;&other;&#1114112;</T>', 'T'), "AB'&other;&#1114112;");
  });
});

describe('inParts', () => {
  it('makes the same parts of pieces of any size', async () => {
    const bytes = Buffer.from('abcdefghij');
    for (let length = 0; length <= bytes.length; length += 1) {
      for (let pieceBytes = 1; pieceBytes <= 11; pieceBytes += 1) {
        const whole = bytes.subarray(0, length);
        const got: [string, boolean][] = [];
        for await (const part of inParts(sliced(whole, pieceBytes), 4)) {
          got.push([String(part.bytes), part.isLast]);
        }
        assert.equal(got.map(([text]) => text).join(''), String(whole));
        assert.deepEqual(
          got.map(([, isLast]) => isLast),
          got.map((_, index) => index === got.length - 1),
        );
        for (const [text] of got.slice(0, -1)) assert.equal(text.length, 4);
        assert.equal(got.length, Math.max(1, Math.ceil(length / 4)));
      }
    }
  });
});

async function* sliced(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield bytes.subarray(at, at + pieceBytes);
  }
}
