import assert from 'node:assert/strict';
import { Mask } from './mask.js';

const SECRETS = ['hunter-2-hunter', 'hunter', 'tüpfel\nzweite Zeile', 'aaaaaaab', 'short'];

describe('a mask', () => {
  const CASES: readonly (readonly [string, string])[] = [
    ['nothing of it', 'nothing of it'],
    ['a hunter here', 'a ****** here'],
    ['hunter-2-hunter', '******'],
    ['hunter-2-hunted', '******-2-hunted'],
    ['hunterhunter', '************'],
    ['tüpfel\nzweite Zeile.', '******.'],
    ['tüpfel\nzweite', 'tüpfel\nzweite'],
    ['aaaaaaaaaab', 'aaa******'],
    ['too short', 'too short'],
  ];
  const mask = new Mask(SECRETS);
  for (const [text, clean] of CASES) {
    it(`makes ${JSON.stringify(text)} into ${JSON.stringify(clean)}, wherever it is cut`, () => {
      assert.equal(mask.text(text), clean);
      const bytes = Buffer.from(text);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        assert.equal(streamed(mask, [bytes.subarray(0, cut), bytes.subarray(cut)]), clean);
      }
      assert.equal(
        streamed(
          mask,
          Array.from(bytes, (byte) => Buffer.of(byte)),
        ),
        clean,
      );
    });
  }

  it('holds back no more than may be the beginning of a secret', () => {
    const stream = mask.stream();
    assert.equal(stream.push(Buffer.from('a line that ends hun')).toString(), 'a line that ends ');
    assert.equal(stream.push(Buffer.from('dred\n')).toString(), 'hundred\n');
  });

  it('leaves bytes that are no text as they are', () => {
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x0a]);
    assert.deepEqual(mask.stream().push(bytes), bytes);
  });

  it('is known without the space around a value, as it may be read from a file', () => {
    assert.equal(new Mask(['  s3cret-value\n']).text('s3cret-value'), '******');
  });
});

function streamed(mask: Mask, chunks: readonly Buffer[]): string {
  const stream = mask.stream();
  return Buffer.concat([...chunks.map((chunk) => stream.push(chunk)), stream.end()]).toString();
}
