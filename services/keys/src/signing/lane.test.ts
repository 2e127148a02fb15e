import assert from 'node:assert/strict';
import type { Database } from '@ramet/database';
import type { Clock } from '@ramet/service';
import { ANSWER_LIMIT_MS, Lane } from './lane.js';

describe('the lock of a batch', () => {
  it('is taken for lost once an answer is too old, whatever the connection says', async () => {
    const { lane, move } = laneOf();
    const { lock } = await lane.run(async () => 'decided');

    move(ANSWER_LIMIT_MS);
    assert.equal(lock.isLost(), false);
    move(1);
    assert.equal(lock.isLost(), true);
  });

  it('is taken for lost after the machine was suspended, whose milliseconds stood still', async () => {
    const { lane, suspend } = laneOf();
    const { lock } = await lane.run(async () => 'decided');

    suspend(ANSWER_LIMIT_MS);
    assert.equal(lock.isLost(), false);
    suspend(1);
    assert.equal(lock.isLost(), true);
  });

  it('is lost with its connection, which others wait for until the last answer is over', async () => {
    const { lane, move, lose, asked } = laneOf();
    const first = await lane.run(async () => 'decided');
    const second = await lane.run(async () => 'decided');

    lose();
    assert.deepEqual([first.lock.isLost(), second.lock.isLost()], [true, true]);
    first.lock.release();
    move(10);
    await new Promise(setImmediate);
    assert.deepEqual(asked, []);

    second.lock.release();
    move(10);
    await new Promise(setImmediate);
    assert.deepEqual(asked, ['delete from lane where number = $1']);
    const { lock } = await lane.run(async () => 'decided on another one');
    assert.equal(lock.isLost(), false);
  });
});

/** A lane on connections that a test loses, with a clock that it moves. */
function laneOf() {
  let elapsed = 0;
  let suspended = 0;
  let due: (readonly [number, () => void])[] = [];
  let lose: () => void = () => undefined;
  const asked: string[] = [];
  const db = {
    async reserve() {
      let isLost = false;
      return {
        isLost: () => isLost,
        whenLost(callback: () => void) {
          lose = () => {
            isLost = true;
            callback();
          };
        },
        query: async () => [{ number: 1 }],
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
    async query(sql: string) {
      asked.push(sql);
      return [];
    },
  };
  const clock = {
    now: () => new Date(elapsed + suspended),
    elapsed: () => elapsed,
    sleep: async () => undefined,
    after(ms: number, callback: () => void) {
      due.push([elapsed + ms, callback]);
      return () => undefined;
    },
  };
  return {
    lane: new Lane(db as unknown as Database, clock as Clock),
    asked,
    lose: () => lose(),
    suspend(ms: number): void {
      suspended += ms;
    },
    move(ms: number): void {
      elapsed += ms;
      const over = due.filter(([at]) => at <= elapsed);
      due = due.filter(([at]) => at > elapsed);
      for (const [, callback] of over) callback();
    },
  };
}
