import assert from 'node:assert/strict';
import { systemClock } from './clock.js';
import { createIds, systemIds } from './ids.js';

describe('ids', () => {
  it('carry their prefix and 26 lower-case base32 digits', () => {
    assert.match(systemIds.make('cln'), /^cln_[0-9a-hjkmnp-tv-z]{26}$/);
  });

  it('rise with time', () => {
    const at = (ms: number) => createIds({ ...systemClock, now: () => new Date(ms) }).make('exe');
    assert.ok(at(1_000) < at(1_001));
    assert.ok(at(1_001) < at(2_000_000_000_000));
  });

  it('do not repeat', () => {
    const made = new Set(Array.from({ length: 10_000 }, () => systemIds.make('key')));
    assert.equal(made.size, 10_000);
  });
});
