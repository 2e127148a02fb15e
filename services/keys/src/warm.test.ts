// Goal: what a replica remembers of keys and grants never changes what it answers (T10).
// Method: they change at random, on either replica, while both are warm. After each change both
// answer as a model without any memory does.

import assert from 'node:assert/strict';
import { systemIds } from '@ramet/service';
import { oneOf, type Random, seeded } from '@ramet/test/random';
import { as } from './support/callers.js';
import {
  authorize,
  newTenant,
  type Replica,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

const SEEDS = [11, 12, 13];
const STEPS = 40;

/** All that decides whether a tenant may sign. */
interface Model {
  readonly isGranted: boolean;
  readonly isDisabled: boolean;
}

describe('what is remembered (T10)', () => {
  let world: World;
  let replicas: readonly Replica[];

  before(async () => {
    world = await startWorld();
    replicas = [world, await world.addReplica()];
  });
  after(() => world?.[Symbol.asyncDispose]());

  for (const seed of SEEDS) {
    it(`is as good as what is looked up, whatever changes (seed ${seed})`, async () => {
      const random = seeded(seed);
      let tenant = await newTenant(world);
      let model: Model = { isGranted: false, isDisabled: false };
      const trail: string[] = [];
      for (let step = 0; step < STEPS; step += 1) {
        const change = oneOf(random, CHANGES);
        trail.push(change.name);
        tenant = await change.apply(oneOf(random, replicas), tenant, random);
        model = change.expected(model);

        for (const replica of replicas) {
          const reason = await reasonOf(signRaw(replica, tenant, 'payload'));
          assert.ok(answersOf(model).includes(reason), `${reason} after ${trail.join(', ')}`);
        }
      }
    });
  }
});

/** How a request to sign may be answered. */
function answersOf({ isGranted, isDisabled }: Model): readonly string[] {
  if (!isGranted) return ['GRANT_REVOKED', 'KEY_NOT_FOUND'];
  return [isDisabled ? 'KEY_DISABLED' : 'OK'];
}

interface Change {
  readonly name: string;
  readonly apply: (replica: Replica, tenant: Tenant, random: Random) => Promise<Tenant>;
  readonly expected: (model: Model) => Model;
}

const CHANGES: readonly Change[] = [
  {
    name: 'authorize',
    async apply(replica, tenant) {
      const { epoch } = tenant;
      const next = { ...tenant, executionId: systemIds.make('exe'), epoch: epoch + 1 };
      const reason = await reasonOf(authorize(replica, next));
      return reason === 'OK' ? next : tenant;
    },
    expected: (model) => (model.isDisabled ? model : { ...model, isGranted: true }),
  },
  {
    name: 'revoke',
    async apply(replica, tenant) {
      const { executionId, userId } = tenant;
      const request = { grantId: '', executionId, reason: 'a step' };
      await replica.keys.revokeGrant(request, as(`user:${userId}`));
      return tenant;
    },
    expected: (model) => ({ ...model, isGranted: false }),
  },
  {
    name: 'disable',
    async apply({ keys }, tenant) {
      await keys.disableKey({ id: tenant.keyId, etag: '' }, as(`user:${tenant.userId}`));
      return tenant;
    },
    expected: (model) => ({ ...model, isDisabled: true }),
  },
  {
    name: 'enable',
    async apply({ keys }, tenant) {
      await keys.enableKey({ id: tenant.keyId, etag: '' }, as(`user:${tenant.userId}`));
      return tenant;
    },
    expected: (model) => ({ ...model, isDisabled: false }),
  },
];
