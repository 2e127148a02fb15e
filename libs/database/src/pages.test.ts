import assert from 'node:assert/strict';
import { decodePageToken, encodePageToken, type KeyPart, pageSize } from './pages.js';

const FOREIGN = { code: 'invalid_argument', reason: 'REQUEST_INVALID' };

describe('pageSize', () => {
  it('is 50 if not given, and 1000 at most', () => {
    assert.deepEqual(
      [0, 1, 999, 1_000, 1_001, 2 ** 31 - 1].map(pageSize),
      [50, 1, 999, 1_000, 1_000, 1_000],
    );
  });

  it('refuses a negative one', () => {
    assert.throws(() => pageSize(-1), FOREIGN);
  });
});

describe('a page token', () => {
  const binding = ['user:usr_1', 'ListBots', { team: 'tem_1', labels: ['a'] }, 5n, null];

  it('brings back the key it was made of', () => {
    const key = ['bot_9', '17', '2026-01-02T03:04:05.678Z'];
    const token = encodePageToken(key, binding);
    assert.match(token, /^[\w-]+$/);
    assert.deepEqual(decodePageToken(token, binding, ['id', 'position', 'time']), key);
  });

  it('is empty for the first page', () => {
    assert.equal(decodePageToken('', binding), undefined);
  });

  it('is refused for another caller or other arguments', () => {
    const token = encodePageToken(['bot_9'], binding);
    assert.throws(() => decodePageToken(token, binding.with(0, 'user:usr_2')), FOREIGN);
    assert.throws(() => decodePageToken(token, binding.with(3, 6n)), FOREIGN);
    assert.throws(() => decodePageToken(token, binding.with(3, '5')), FOREIGN);
    assert.throws(() => decodePageToken(token, []), FOREIGN);
  });

  it('is refused when it is none', () => {
    for (const token of ['x', '!!!', 'AAAA', Buffer.alloc(40).toString('base64url')]) {
      assert.throws(() => decodePageToken(token, binding), FOREIGN);
    }
  });

  it('is refused once any of its characters has changed, or is missing, however long it is', () => {
    const token = encodePageToken(['bot_9', '17'], binding);
    for (let at = 0; at < token.length; at += 1) {
      const [before, after] = [token.slice(0, at), token.slice(at + 1)];
      for (const changed of [before + after, before, `${before}A${after}`, `${before}_${after}`]) {
        const isSame = Buffer.from(changed, 'base64url').equals(Buffer.from(token, 'base64url'));
        if (isSame || changed === '') continue;
        const decode = () => decodePageToken(changed, binding, ['id', 'position']);
        // The key of another row is a key as well: it gives nobody a right.
        const reads = attempt(decode);
        assert.ok(reads === undefined || reads.every((part) => /^[\w.:-]{1,128}$/.test(part)));
      }
    }
    for (const piece of ['A', '[', '"', '_', ' ', '\0']) {
      const start = process.cpuUsage();
      const long = Buffer.from(piece.repeat(100_000)).toString('base64url');
      assert.throws(() => decodePageToken(long, binding), FOREIGN);
      assert.throws(() => decodePageToken(piece.repeat(100_000), binding), FOREIGN);
      assert.ok(busyMs(start) < 500);
    }
  });

  const MADE_UP: readonly (readonly [KeyPart, readonly string[]])[] = [
    ['id', ['bot\u0000', '', 'a'.repeat(200)]],
    ['position', ['x', '-1', '1e3', '9223372036854775808', '']],
    ['time', ['infinity', '2026-13-01T00:00:00.000Z', '2026-01-01', '']],
    ['any', ['\0', '\ud800', 'a'.repeat(257)]],
  ];
  for (const [part, texts] of MADE_UP) {
    it(`is refused when its ${part} was made up`, () => {
      for (const key of [...texts.map((text) => [text]), [], ['bot_1', 'bot_2']]) {
        const token = encodePageToken(key, binding);
        assert.throws(() => decodePageToken(token, binding, [part]), FOREIGN, String(key));
      }
    });
  }
});

/** What a token reads as; undefined if it is refused as one of another list. */
function attempt(decode: () => readonly string[] | undefined): readonly string[] | undefined {
  try {
    return decode();
  } catch (thrown) {
    assert.throws(() => {
      throw thrown;
    }, FOREIGN);
    return undefined;
  }
}

/** How long this process has worked since then: what waits for a busy machine is no work. */
function busyMs(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
