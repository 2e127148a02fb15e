import assert from 'node:assert/strict';
import { machineClock } from './ports.js';
import { createTokenSource } from './token-source.js';

describe('createTokenSource', () => {
  it('exchanges once for callers that come together, and keeps the token', async () => {
    const { source, exchanged } = sourceOf(60_000);

    assert.deepEqual(await Promise.all([source(), source(), source()]), ['t1', 't1', 't1']);
    assert.equal(await source(), 't1');

    assert.equal(exchanged(), 1);
  });

  it('exchanges again before the token ends', async () => {
    const { source, pass } = sourceOf(60_000);
    await source();

    pass(47_000);
    assert.equal(await source(), 't1');
    pass(2_000);
    assert.equal(await source(), 't2');
  });

  it('tries again after a failure', async () => {
    let down = true;
    const source = createTokenSource({
      exchange: async () => {
        if (down) throw new Error('teams is away');
        return { token: 't', expiresInMs: 1_000 };
      },
    });

    await assert.rejects(source(), /away/);
    down = false;

    assert.equal(await source(), 't');
  });
});

function sourceOf(expiresInMs: number) {
  let [at, count] = [0, 0];
  const source = createTokenSource({
    clock: { ...machineClock, elapsed: () => at },
    exchange: async () => {
      count += 1;
      return { token: `t${count}`, expiresInMs };
    },
  });
  const pass = (ms: number): void => {
    at += ms;
  };
  return { source, pass, exchanged: () => count };
}
