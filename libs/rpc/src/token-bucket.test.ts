import assert from 'node:assert/strict';
import { type Rate, take } from './token-bucket.js';

const RATE: Rate = { perSecond: 10, burst: 5 };
const NEVER = Number.NEGATIVE_INFINITY;

/** When the bucket is full, what is asked at which time, and how long to wait then. */
const CASES: readonly (readonly [string, number, number, number, number])[] = [
  ['one of a bucket that was never used', NEVER, 1, 0, 0],
  ['all of a full one', 0, 5, 0, 0],
  ['all of one that has been full for long', 0, 5, 1e9, 0],
  ['one of an empty one', 500, 1, 0, 100],
  ['one of an empty one, a little later', 500, 1, 30, 70],
  ['one of one that has just got it', 500, 1, 100, 0],
  ['two of one that has one', 400, 2, 0, 100],
  ['more than any bucket holds, of a full one', 0, 50, 0, 0],
  ['more than any bucket holds, of one that lacks one', 100, 50, 0, 100],
  ['nothing of an empty one', 500, 0, 0, 0],
  ['a part of a millisecond is rounded up', 500.5, 1, 0, 101],
];

describe('take', () => {
  for (const [what, fullAtMs, cost, nowMs, waitMs] of CASES) {
    it(`says how long to wait for ${what}: ${waitMs} ms`, () => {
      const taken = take(RATE, fullAtMs, { cost, nowMs });
      assert.equal(taken.waitMs, waitMs);
      if (waitMs > 0) assert.equal(taken.fullAtMs, fullAtMs, 'what is refused costs nothing');
    });
  }

  it('lets in after the wait it has named, and not a millisecond sooner', () => {
    const random = randomOf(7);
    for (let round = 0; round < 500; round += 1) {
      const rate = { perSecond: 1 + random(1_000), burst: 1 + random(50) };
      const cost = 1 + random(rate.burst);
      let fullAtMs = NEVER;
      let waitMs = 0;
      const nowMs = random(1e7);
      while (waitMs === 0) ({ fullAtMs, waitMs } = take(rate, fullAtMs, { cost, nowMs }));

      const at = (ms: number) => take(rate, fullAtMs, { cost, nowMs: nowMs + ms }).waitMs;
      assert.equal(at(waitMs), 0);
      assert.ok(at(waitMs - 1) > 0);
    }
  });

  it('never lets in more than the burst and the rate together, in any window', () => {
    const random = randomOf(42);
    for (let round = 0; round < 50; round += 1) {
      const rate = { perSecond: 1 + random(200), burst: 1 + random(40) };
      const letIn: { readonly atMs: number; readonly cost: number }[] = [];
      let fullAtMs = NEVER;
      let nowMs = random(1e6);
      for (let asked = 0; asked < 300; asked += 1) {
        nowMs += random(4) === 0 ? random(2_000) : random(3);
        const cost = 1 + random(rate.burst);
        const taken = take(rate, fullAtMs, { cost, nowMs });
        fullAtMs = taken.fullAtMs;
        if (taken.waitMs === 0) letIn.push({ atMs: nowMs, cost });
      }
      assertBounded(letIn, rate);
    }
  });
});

function assertBounded(
  letIn: readonly { readonly atMs: number; readonly cost: number }[],
  { perSecond, burst }: Rate,
): void {
  letIn.forEach((first, index) => {
    let sum = 0;
    for (const { atMs, cost } of letIn.slice(index)) {
      sum += cost;
      const most = burst + (perSecond * (atMs - first.atMs)) / 1_000;
      assert.ok(sum <= most + 1e-3, `${sum} of ${most}`);
    }
  });
}

/** Numbers from 0 to below another one, the same on each run. */
function randomOf(start: number): (below: number) => number {
  let seed = start;
  return (below) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
}
