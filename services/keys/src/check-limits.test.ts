// Goal: what of limits cannot hold is known before a clone is created with them, and only to who may
// give the key to that clone.
// Method: the real service on a real database; lifecycle asks on behalf of people.
import assert from 'node:assert/strict';
import { GrantLimits, SignOperation } from '@ramet/proto-gen/keys.v1';
import type { Owner } from '@ramet/proto-gen/teams.v1';
import { systemIds } from '@ramet/service';
import {
  createKeyOf,
  keyRequest,
  LIFECYCLE,
  newUser,
  reasonOf,
  startWorld,
  teamOwner,
  type World,
} from './support/world.js';

type Given = Parameters<typeof GrantLimits.fromPartial>[0];

const TRANSACTIONS: Given = { operations: [SignOperation.EVM_TRANSACTION] };
const WITHDRAWALS: Given = { venue: { allowWithdrawals: true } };
const OWNER = 1;
const ADMIN = 2;
const MEMBER = 3;

describe('checking limits', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('names the fields that could not hold, and grants nothing', async () => {
    const userId = newUser();
    const { id: keyId } = await createKeyOf(world, userId, { venue: 'binance' });
    const asked = { keyId, userId, owner: ownerOf(userId) };

    assert.deepEqual(await fields(asked, {}), []);
    assert.deepEqual(await fields(asked, { ...TRANSACTIONS, expireTime: new Date(0) }), [
      'operations[0]',
      'expire_time',
    ]);
    const sql = 'select 1 from key_grant where key_id = $1';
    assert.deepEqual(await world.db.query(sql, [keyId]), []);
  });

  it('also names them for a key that a clone holds, that is disabled, or whose time is not now', async () => {
    const userId = newUser();
    const validFrom = new Date(Date.now() + 3_600_000);
    const { id: keyId } = await createKeyOf(world, userId, { venue: 'binance', validFrom });
    const owner = { metadata: { caller: `user:${userId}` } };
    await world.keys.disableKey({ id: keyId, etag: '' }, owner);

    const asked = { keyId, userId, owner: ownerOf(userId) };
    assert.deepEqual(await fields(asked, TRANSACTIONS), ['operations[0]']);
  });

  it('tells nobody about a key that they cannot give to that clone', async () => {
    const [userId, otherId] = [newUser(), newUser()];
    const teamId = teamWith({ [userId]: ADMIN, [otherId]: MEMBER });
    const strangers = teamWith({});
    const mine = await createKeyOf(world, userId);
    const ours = await createKeyOf(world, userId, { owner: teamOwner(teamId) });
    const gone = await createKeyOf(world, userId);
    await world.keys.deleteKey(
      { id: gone.id, etag: '', deleteAfter: undefined },
      { metadata: { caller: `user:${userId}` } },
    );

    const cases: readonly (readonly [string, string, Owner, string])[] = [
      [mine.id, userId, ownerOf(userId), 'OK'],
      [mine.id, userId, teamOwner(teamId), 'OK'],
      [ours.id, userId, teamOwner(teamId), 'OK'],
      [ours.id, userId, ownerOf(userId), 'KEY_NOT_FOUND'],
      [mine.id, userId, teamOwner(strangers), 'KEY_NOT_FOUND'],
      [mine.id, userId, ownerOf(otherId), 'KEY_NOT_FOUND'],
      [mine.id, otherId, ownerOf(otherId), 'KEY_NOT_FOUND'],
      [ours.id, otherId, teamOwner(teamId), 'KEY_NOT_FOUND'],
      [gone.id, userId, ownerOf(userId), 'KEY_NOT_FOUND'],
      [systemIds.make('key'), userId, ownerOf(userId), 'KEY_NOT_FOUND'],
    ];
    for (const [index, [keyId, asker, owner, reason]] of cases.entries()) {
      const asked = { keyId, userId: asker, owner };
      assert.equal(await reasonOf(check(asked, TRANSACTIONS)), reason, `case ${index}`);
    }
  });

  it('says that only an OWNER may allow withdrawals with the key of a team', async () => {
    const [chief, deputy] = [newUser(), newUser()];
    const owner = teamOwner(teamWith({ [chief]: OWNER, [deputy]: ADMIN }));
    const { id: keyId } = await createKeyOf(world, chief, { owner, venue: 'binance' });

    const by = (userId: string) => check({ keyId, userId, owner }, WITHDRAWALS);
    assert.deepEqual((await by(chief)).violations, []);
    assert.equal(await reasonOf(by(deputy)), 'WITHDRAWALS_DENIED');
  });

  it('is for lifecycle, on behalf of somebody', async () => {
    const userId = newUser();
    const { id: keyId } = await createKeyOf(world, userId);
    const asked = { keyId, owner: ownerOf(userId), limits: undefined };
    for (const caller of [`user:${userId}`, 'service:executor', 'service:lifecycle']) {
      const call = world.grants.checkGrantLimits(asked, { metadata: { caller } });
      assert.equal(await reasonOf(call), 'PERMISSION_DENIED', caller);
    }
  });

  interface Asked {
    readonly keyId: string;
    readonly userId: string;
    readonly owner: Owner;
  }

  function check({ keyId, userId, owner }: Asked, given: Given) {
    const limits = GrantLimits.fromPartial(given);
    const options = { ...LIFECYCLE, onBehalfOf: userId };
    return world.grants.checkGrantLimits({ keyId, owner, limits }, options);
  }

  async function fields(asked: Asked, given: Given): Promise<readonly string[]> {
    return (await check(asked, given)).violations.map(({ field }) => field);
  }

  function teamWith(roles: Readonly<Record<string, 1 | 2 | 3>>): string {
    const teamId = systemIds.make('tem');
    for (const [userId, role] of Object.entries(roles)) {
      world.peers.roles.set(`${teamId}/${userId}`, role);
    }
    return teamId;
  }
});

function ownerOf(userId: string): Owner {
  return keyRequest(userId).owner ?? assert.fail('no owner');
}
