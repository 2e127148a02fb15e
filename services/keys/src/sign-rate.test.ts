// Goal: the workloads of one owner cannot keep those of others from signing.
// Method: the real service on a real database; an owner may have three signatures at once.

import assert from 'node:assert/strict';
import { systemIds } from '@ramet/service';
import {
  authorize,
  newTenant,
  newUser,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

describe('signatures', () => {
  let world: World;

  before(async () => {
    world = await startWorld({ ownerSignBurst: 3 });
  });
  after(() => world[Symbol.asyncDispose]());

  it('share the rate of their owner, whichever key and clone they are of', async () => {
    const userId = newUser();
    const [one, two] = [await tenantOf(userId), await tenantOf(userId)];
    const asked = [one, two, one, two, one, two].map((tenant, n) =>
      reasonOf(signRaw(world, tenant, `order ${n}`)),
    );
    const told = await Promise.all(asked);
    assert.equal(told.filter((reason) => reason === 'OK').length, 3);
    assert.equal(told.filter((reason) => reason === 'RATE_LIMITED').length, 3);

    const other = await tenantOf(newUser());
    assert.equal(await reasonOf(signRaw(world, other, 'order')), 'OK');
  });

  it('that are asked of keys without a grant share that of the clone', async () => {
    const tenant = await newTenant(world);
    const told: string[] = [];
    for (let nth = 0; nth < 4; nth += 1) {
      const invented = { ...tenant, keyId: systemIds.make('key') };
      told.push(await reasonOf(signRaw(world, invented, 'order')));
    }
    assert.deepEqual(told, [...Array(3).fill('KEY_NOT_FOUND'), 'RATE_LIMITED']);
  });

  async function tenantOf(userId: string): Promise<Tenant> {
    const tenant = await newTenant(world, { userId });
    await authorize(world, tenant);
    return tenant;
  }
});
