import assert from 'node:assert/strict';
import type { Clock } from '@ramet/service';
import { createMemberships } from './memberships.js';

describe('the roles of users', () => {
  it('are asked for once a second, for all who want to know', async () => {
    const clock = stoppedClock();
    let asked = 0;
    const { rolesOf } = createMemberships(async () => {
      asked += 1;
      return [['tem_1', 'admin']];
    }, clock);

    const [one] = await Promise.all([rolesOf('usr_1'), rolesOf('usr_1')]);
    clock.move(999);
    await rolesOf('usr_1');
    assert.equal(asked, 1);
    assert.equal(one?.get('tem_1'), 'admin');

    clock.move(1);
    await rolesOf('usr_1');
    assert.equal(asked, 2);
  });

  it('are asked for anew after a failure, and after they were forgotten', async () => {
    let asked = 0;
    const { rolesOf, forget } = createMemberships(async () => {
      asked += 1;
      if (asked === 1) throw new Error('teams is away');
      return [];
    }, stoppedClock());

    await assert.rejects(rolesOf('usr_1'));
    await rolesOf('usr_1');
    await rolesOf('usr_1');
    assert.equal(asked, 2);

    forget();
    await rolesOf('usr_1');
    assert.equal(asked, 3);
  });
});

function stoppedClock(): Clock & { move(ms: number): void } {
  let elapsed = 0;
  return {
    now: () => new Date(elapsed),
    elapsed: () => elapsed,
    sleep: async () => undefined,
    after: () => () => undefined,
    move: (ms) => {
      elapsed += ms;
    },
  };
}
