// Goal: a service that is sealed, or lacks its key-encryption key, opens no secret on any replica.
// Method: real replicas on one database; the test holds their key-encryption keys.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { SealState } from '@ramet/proto-gen/keys.v1';
import { RemoteError } from '@ramet/rpc';
import { systemIds } from '@ramet/service';
import { as } from './support/callers.js';
import { HeldKeks } from './support/held-keks.js';
import { healthOf, until } from './support/seal.js';
import {
  authorize,
  createKeyOf,
  newTenant,
  newUser,
  type Replica,
  reasonOf,
  signRaw,
  startWorld,
  type World,
} from './support/world.js';

const ADMIN = as('admin:usr_1');
const SEAL = { reason: 'a test', validateOnly: false };
const NEED_SECRETS = ['', 'KeyService', 'GrantService', 'SigningService'];

describe('a keys service that is sealed', () => {
  let world: World;
  let other: Replica;

  beforeEach(async () => {
    world = await startWorld();
    other = await world.addReplica();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it('signs and seals nothing on any replica once that was answered, until it is unsealed', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    for (const replica of [world, other]) await signRaw(replica, tenant, 'before');

    const { status } = await world.seal.seal(SEAL, ADMIN);
    for (const replica of [world, other]) {
      assert.equal(await reasonOf(signRaw(replica, tenant, 'meanwhile')), 'SEALED');
      assert.equal(await reasonOf(createKeyOf(replica, newUser())), 'SEALED');
    }
    const shown = status?.replicas.map(({ state, current, kekIds }) => [state, current, kekIds]);
    assert.deepEqual(shown, Array(2).fill([SealState.SEALED, true, []]));

    await other.seal.unseal({ reason: 'a test' }, ADMIN);
    for (const replica of [world, other]) {
      await until('open', async () => (await healthOf(replica, '')) === 'SERVING');
      await signRaw(replica, tenant, 'after');
    }
  });

  it('signs nothing more on a replica that does not know of it yet', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    await signRaw(world, tenant, 'before', 'r1');

    await world.db.query('update seal set sealed = true');
    assert.equal(await reasonOf(signRaw(world, tenant, 'before', 'r1')), 'SEALED');
    await world.db.query('update seal set sealed = false');
  });

  it('has no signature in flight left when the seal is answered', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    let isSealed = false;
    let late = 0;
    const signing = Array.from({ length: 6 }, async (_, nth) => {
      const replica = nth % 2 === 0 ? world : other;
      for (;;) {
        const reason = await reasonOf(signRaw(replica, tenant, 'again'));
        if (reason !== 'OK') return reason;
        if (isSealed) late += 1;
      }
    });
    await world.seal.seal(SEAL, ADMIN);
    isSealed = true;
    assert.deepEqual(new Set(await Promise.all(signing)), new Set(['SEALED']));
    // Calls that were answered before the seal was may be read by this process after it.
    assert.ok(late <= signing.length, `${late} late`);
  });

  it('still shows keys and ends grants, and says by its health what it does not do', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    await world.seal.seal(SEAL, ADMIN);

    const user = as(`user:${tenant.userId}`);
    assert.equal((await world.keys.getKey({ id: tenant.keyId }, user)).key?.id, tenant.keyId);
    const { cloneId, keyId } = tenant;
    await world.grants.releaseKey({ cloneId, keyId }, as('service:lifecycle'));
    await world.keys.deleteKey({ id: keyId, etag: '', deleteAfter: undefined }, user);
    for (const name of NEED_SECRETS) assert.equal(await healthOf(world, name), 'NOT_SERVING');
    assert.equal(await healthOf(world, 'SealService'), 'SERVING');
  });

  it('stays sealed where it is started again', async () => {
    await world.seal.seal(SEAL, ADMIN);
    const third = await world.addReplica();
    assert.equal(await reasonOf(createKeyOf(third, newUser())), 'SEALED');
    await third.seal.unseal({ reason: 'a test' }, ADMIN);
    await createKeyOf(third, newUser());
  });

  it('leaves a record of who sealed and unsealed it, once each (T14)', async () => {
    for (const _ of [1, 2]) await world.seal.seal(SEAL, ADMIN);
    for (const _ of [1, 2]) await world.seal.unseal({ reason: 'all clear' }, ADMIN);
    const sql = `select kind, actor, seq from history where aggregate = 'keys' order by seq`;
    assert.deepEqual(await world.db.query(sql), [
      { kind: 'seal.sealed', actor: 'user:usr_1', seq: 1 },
      { kind: 'seal.unsealed', actor: 'user:usr_1', seq: 2 },
    ]);
    const { status } = await other.seal.getSealStatus({}, ADMIN);
    assert.deepEqual([status?.seal?.reason, status?.seal?.changedBy], ['all clear', 'user:usr_1']);
  });

  it('takes no reason that would be more than a line of what shows it', async () => {
    const grant = { grantId: '', executionId: systemIds.make('exe') };
    for (const reason of ['a\nb', 'a\u001b[2J', 'a\u007f', 'a\u0085b', 'a\u2028b']) {
      const calls = [
        world.seal.seal({ ...SEAL, reason }, ADMIN),
        world.seal.unseal({ reason }, ADMIN),
        world.seal.rotateKek({ reason, dataKeys: false, validateOnly: false }, ADMIN),
        world.keys.revokeGrant({ ...grant, reason }, as('service:lifecycle')),
      ];
      const refusals = calls.map((call) => call.catch((refusal: unknown) => refusal));
      for (const thrown of await Promise.all(refusals)) {
        assert.ok(thrown instanceof RemoteError, JSON.stringify(reason));
        assert.deepEqual(
          thrown.violations.map(({ field }) => field),
          ['reason'],
        );
      }
    }
  });

  it('is sealed and unsealed by administrators alone (T15)', async () => {
    const reason = { reason: 'a test' };
    const callers = [
      [undefined, 'TOKEN_MISSING'],
      [as('user:usr_1'), 'PERMISSION_DENIED'],
      [as('service:lifecycle'), 'PERMISSION_DENIED'],
      [as('workload:exe_1:cln_1:1'), 'PERMISSION_DENIED'],
    ] as const;
    for (const [who, verdict] of callers) {
      const calls = [
        world.seal.seal(SEAL, who),
        world.seal.unseal(reason, who),
        world.seal.rotateKek({ ...reason, dataKeys: false, validateOnly: false }, who),
        world.seal.getSealStatus({}, who),
      ];
      const reasons = await Promise.all(calls.map(reasonOf));
      assert.deepEqual(reasons, Array(calls.length).fill(verdict));
    }
    await world.seal.seal({ ...SEAL, validateOnly: true }, ADMIN);
    await createKeyOf(world, newUser());
  });
});

describe('a keys service without its key-encryption key', () => {
  let world: World;

  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it('starts sealed, and opens by itself once it is given', async () => {
    const keks = new HeldKeks();
    const late = await world.addReplica({ keks });
    assert.equal(await reasonOf(createKeyOf(late, newUser())), 'SEALED');
    assert.deepEqual(await statesOf(world), [SealState.OPEN, SealState.KEK_MISSING]);
    assert.equal(await healthOf(late, ''), 'NOT_SERVING');

    keks.give(...world.keks.keys);
    await until('open', async () => (await healthOf(late, '')) === 'SERVING');
    await createKeyOf(late, newUser());
  });

  it('stays sealed with another one, says so, and does not end', async () => {
    const wrong = await world.addReplica({ keks: new HeldKeks(systemIds.bytes(32)) });
    assert.equal(await reasonOf(createKeyOf(wrong, newUser())), 'SEALED');
    await wrong.seal.unseal({ reason: 'try again' }, ADMIN);
    assert.equal(await reasonOf(createKeyOf(wrong, newUser())), 'SEALED');
    assert.deepEqual(await statesOf(wrong), [SealState.OPEN, SealState.KEK_WRONG]);

    const told = world.log.filter(({ message }) => message === 'secrets cannot be opened');
    assert.equal(told.length, 1);
    assert.match(inspect(told[0]?.fields), /state: 'kek_wrong'.*wanted: '[0-9a-f]{16}'/s);
  });

  it('keeps the one it has if a bad one takes its place', async () => {
    const kept = world.keks.keys;
    world.keks.give(systemIds.bytes(32));
    await until('told', () =>
      world.log.some(({ message }) => /is not given any more/.test(message)),
    );
    await createKeyOf(world, newUser());
    world.keks.give(...kept);
  });
});

async function statesOf({ seal }: Replica): Promise<readonly SealState[]> {
  const { status } = await seal.getSealStatus({}, ADMIN);
  return status?.replicas.map(({ state }) => state) ?? [];
}
