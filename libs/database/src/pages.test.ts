import assert from 'node:assert/strict';
import { decodePageToken, encodePageToken, pageSize } from './pages.js';

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
    const token = encodePageToken(['bot_9', 'ü'], binding);
    assert.match(token, /^[\w-]+$/);
    assert.deepEqual(decodePageToken(token, binding), ['bot_9', 'ü']);
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
});
