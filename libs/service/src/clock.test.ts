import assert from 'node:assert/strict';
import { startAge } from './clock.js';

const cases: readonly (readonly [string, { elapsed: number; now: number }, number])[] = [
  ['as both clocks say', { elapsed: 500, now: 500 }, 500],
  ['as the time says, if the machine was suspended', { elapsed: 5, now: 60_000 }, 60_000],
  ['as the milliseconds say, if the time was set back', { elapsed: 500, now: -60_000 }, 500],
];

describe('an age', () => {
  for (const [name, passed, age] of cases) {
    it(`is ${name}`, () => {
      const moment = { elapsed: 1_000, now: 2_000 };
      const clock = { elapsed: () => moment.elapsed, now: () => new Date(moment.now) };
      const ageOf = startAge(clock);
      assert.equal(ageOf(), 0);

      moment.elapsed += passed.elapsed;
      moment.now += passed.now;

      assert.equal(ageOf(), age);
    });
  }
});
