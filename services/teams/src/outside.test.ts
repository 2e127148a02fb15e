// Goal: teams does its work while nobody else is there.
// Method: the real service, with NATS and lifecycle at addresses where nobody listens.

import assert from 'node:assert/strict';
import { connectBus } from '@ramet/database';
import { Scope, systemClock } from '@ramet/service';
import { createTeam, type House, openHouse } from './test-house.js';

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const WORKLOAD = {
  cloneId: `cln_${'0'.repeat(26)}`,
  executionId: `exe_${'0'.repeat(26)}`,
  epoch: 1,
};

describe('teams without NATS and lifecycle', () => {
  let scope: Scope;
  let house: House;

  before(async () => {
    scope = new Scope();
    const url = 'nats://127.0.0.1:9';
    const bus = scope.use(connectBus({ url, clock: systemClock, logger: SILENT }));
    house = scope.use(await openHouse({ outside: { bus } }));
  });
  after(() => scope[Symbol.asyncDispose]());

  it('starts, takes changes and serves their history', async () => {
    const api = await house.asAdmin();
    const team = await createTeam(api, 'alone');
    const { history } = await house.asService('keys');

    for (let found = false; !found; ) {
      const { entries } = await history.readHistory({ after: 0n, pageSize: 0 });
      found = entries.some(({ aggregateId }) => aggregateId === team.id);
    }
  });

  it('mints the tokens of workloads, and asks to wait with renewing them', async () => {
    const { access } = await house.asService('executor');
    const { token } = await access.mintWorkloadToken(WORKLOAD);
    await assert.rejects(house.as(token).workloads.renewWorkloadToken({}), {
      code: 'UNAVAILABLE',
      reason: 'PEER_UNAVAILABLE',
      metadata: { peer: 'lifecycle' },
    });
  });
});
