import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { Limiter } from './limiter.js';

const RATE = { perSecond: 10, burst: 5 };

describe('a limiter', () => {
  it('holds each key to the rate, whatever the others do', () => {
    const { limiter } = startLimiter();
    for (let call = 0; call < 5; call += 1) limiter.charge('team:a');
    assert.throws(() => limiter.charge('team:a'));
    limiter.charge('team:b', 5);
    assert.throws(() => limiter.charge('team:b'));
  });

  it('refuses with the wait, the subject and the limit', () => {
    const { limiter } = startLimiter();
    limiter.charge('team:a', 5);

    const error = thrownBy(() => limiter.charge('team:a', 2));

    assert.equal(error.code, 'resource_exhausted');
    assert.equal(error.reason, 'RATE_LIMITED');
    assert.equal(error.retryAfterMs, 200);
    assert.deepEqual(error.metadata, { limit: '10', per: 'second', caller: 'team:a' });
    const description = 'at most 10 a second, and 5 at once';
    assert.deepEqual(error.quotas, [{ subject: 'team:a', description }]);
  });

  it('lets in again after the wait', () => {
    const { limiter, clock } = startLimiter();
    limiter.charge('team:a', 5);
    const { retryAfterMs = 0 } = thrownBy(() => limiter.charge('team:a'));
    clock.ms += retryAfterMs;
    limiter.charge('team:a');
  });

  it('keeps no more buckets than it may, and forgets full ones only', () => {
    const { limiter, clock } = startLimiter(3);
    limiter.charge('spent', 5);
    limiter.charge('rested');
    limiter.charge('spent, too', 5);
    clock.ms += 200;

    limiter.charge('newcomer');

    assert.equal(limiter.size, 3);
    assert.throws(() => limiter.charge('spent', 3), 'it was not forgotten');
  });

  it('gives who makes up keys no more tokens than one key has', () => {
    const { limiter, clock } = startLimiter(3);
    for (const key of ['a', 'b', 'c']) limiter.charge(key, 5);
    let letIn = 0;
    for (let made = 0; made < 10_000; made += 1) {
      if (limiter.tryCharge(`made-up-${made}`, 1) === undefined) letIn += 1;
    }
    assert.equal(letIn, 5);
    assert.equal(limiter.size, 3);
    assert.throws(() => limiter.charge('a'));

    clock.ms += 1_000;
    limiter.charge('newcomer', 5);
    assert.equal(limiter.size, 1);
  });

  it('calls the first refusal news, and one a minute after it', () => {
    const { limiter, clock } = startLimiter();
    limiter.charge('a', 5);
    const told = () => limiter.tryCharge('a', 5)?.isNews;
    assert.deepEqual([told(), told()], [true, false]);
    clock.ms += 60_000;
    limiter.charge('a', 5);
    assert.deepEqual([told(), told()], [true, false]);
  });
});

function startLimiter(maxKeys = 100) {
  const clock = { ms: 1_000, elapsed: () => clock.ms };
  return { clock, limiter: new Limiter({ rate: RATE, clock, maxKeys }) };
}

function thrownBy(charge: () => void): PublicError {
  try {
    charge();
  } catch (thrown) {
    assert.ok(thrown instanceof PublicError);
    return thrown;
  }
  assert.fail('nothing was thrown');
}
