// Goal: what cannot hold of what a clone may sign is known when it is created, and by field; what can is
// what its grant has.
// Method: real lifecycle, teams and keys on a real database; the executor is played on a real socket.

import assert from 'node:assert/strict';
import { GrantLimits, SignOperation } from '@ramet/proto-gen/keys.v1';
import { type Clone, ClonePhase, ListClonesRequest } from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import {
  type Api,
  type Crew,
  createClone,
  createKey,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { reached, reasonOf } from './testing/steps.js';

type Given = Parameters<typeof GrantLimits.fromPartial>[0];

/** A key for a venue signs no transactions, and nothing after its end. */
const WRONG: Given = {
  operations: [SignOperation.VENUE, SignOperation.EVM_TRANSACTION],
  expireTime: new Date(0),
};
const NOWHERE = '127.0.0.1:1';

describe('the limits of the key of a clone', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let keyId: string;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('limits');
    api = house.as(crew.owner.token);
    keyId = await createKey(api, crew.owner.id, 'limited');
  });
  after(() => house[Symbol.asyncDispose]());

  for (const validateOnly of [false, true]) {
    it(`are refused by field where they cannot hold${validateOnly ? ', also to validate' : ''}`, async () => {
      const thrown = await create(WRONG, { validateOnly }).catch((error: unknown) => error);

      assert.ok(thrown instanceof RemoteError);
      assert.equal(thrown.code, 'INVALID_ARGUMENT');
      assert.deepEqual(
        thrown.violations.map(({ field }) => field),
        ['key_limits.operations[1]', 'key_limits.expire_time'],
      );
      assert.deepEqual(await clonesOf(api), []);
    });
  }

  it('are refused as such where only an OWNER of the team may set them', async () => {
    const owner = ownerOf(crew.team.id);
    const teamKey = await createKey(api, crew.team.id, 'team-key');
    const given = { venue: { allowWithdrawals: true } };
    const admin = house.as(crew.admin.token);
    const asked = create(given, { owner, keyId: teamKey, as: admin });
    assert.equal(await reasonOf(asked), 'WITHDRAWALS_DENIED');
    assert.deepEqual(await clonesOf(admin), []);
  });

  it('are left to the grant where the key is not the one of who asks', async () => {
    const strangers = await createKey(house.as(crew.admin.token), crew.admin.id, 'foreign');
    const clone = await create(WRONG, { keyId: strangers });
    const failed = await reached(api, clone.id, ClonePhase.FAILED);
    assert.equal(failed.reason, 'KEY_NOT_FOUND');
    await remove(clone);
  });

  it('answer a repeated request with its clone, when they would not be taken any more', async () => {
    const given = { expireTime: new Date(Date.now() + 1_500) };
    const wish = { requestId: 'until-then' };
    const clone = await create(given, wish);
    while (Date.now() <= given.expireTime.getTime()) {
      assert.equal((await create(given, wish)).id, clone.id);
    }
    assert.equal(await reasonOf(create(given, { requestId: 'another' })), 'REQUEST_INVALID');
    assert.equal((await create(given, wish)).id, clone.id);
    await remove(clone);
  });

  it('are those of the grant', async () => {
    const expireTime = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000);
    const clone = await create({ operations: [SignOperation.VENUE], expireTime });
    await reached(api, clone.id, ClonePhase.PROVISIONING);
    const { grants } = await api.keys.listGrants({ keyId, pageSize: 1, pageToken: '' });
    assert.deepEqual(grants[0]?.limits?.expireTime, expireTime);
    assert.deepEqual(grants[0]?.limits?.operations, [SignOperation.VENUE]);
    await remove(clone);
  });

  it('are refused by the grant while keys cannot be asked: the clone is accepted, and fails', async () => {
    await house.restart({ keysAddress: NOWHERE });
    const clone = await create({ expireTime: new Date(0) });
    await house.restart();
    const failed = await reached(api, clone.id, ClonePhase.FAILED);
    assert.equal(failed.reason, 'GRANT_EXPIRED');
    await remove(clone);
  });

  interface Wish {
    readonly as?: Api;
    readonly owner?: ReturnType<typeof ownerOf>;
    readonly keyId?: string;
    readonly requestId?: string;
    readonly validateOnly?: boolean;
  }

  function create(given: Given, { as = api, ...wish }: Wish = {}): Promise<Clone> {
    const keyLimits = GrantLimits.fromPartial(given);
    const owner = ownerOf(crew.owner.id);
    return createClone(as, { botId: crew.bot.id, owner, keyId, keyLimits, ...wish });
  }

  async function remove({ id }: Clone): Promise<void> {
    await api.clones.deleteClone({ id, etag: '' });
    await reached(api, id, ClonePhase.DELETED);
  }
});

async function clonesOf({ clones }: Api): Promise<readonly Clone[]> {
  return (await clones.listClones(ListClonesRequest.fromPartial({}))).clones;
}
