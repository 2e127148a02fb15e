import assert from 'node:assert/strict';
import { backoff } from './backoff.js';

describe('backoff', () => {
  it('doubles from half a second, up to a minute', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 7, 8, 9, 1_000].map(backoff),
      [500, 500, 1_000, 2_000, 32_000, 60_000, 60_000, 60_000],
    );
  });
});
