// Goal: what secrets are sealed under can be changed while they are used, and nothing is lost of it.
// Method: real replicas on one database, one of them a process that is killed half-way.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { SealStatus } from '@ramet/proto-gen/keys.v1';
import { systemIds } from '@ramet/service';
import { as } from './support/callers.js';
import { HeldKeks } from './support/held-keks.js';
import { keysProcess } from './support/keys-process.js';
import { until } from './support/seal.js';
import {
  authorize,
  createKeyOf,
  newTenant,
  newUser,
  type Replica,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

const ADMIN = as('admin:usr_1');
const ROTATE = { reason: 'a test', dataKeys: false, validateOnly: false };
/** Some batches, so that there is a half way. */
const KEYS = 330;
const AT_ONCE = 10;
const SIGNERS = 4;

describe('a rotation', () => {
  let world: World;
  let old: Buffer;
  let fresh: Buffer;

  let isInTheWay = false;

  beforeEach(async () => {
    [old, fresh] = [systemIds.bytes(32), systemIds.bytes(32)];
    isInTheWay = false;
    const failpoints = {
      hit: (name: string) => {
        if (isInTheWay && name.startsWith('keys.rotate')) throw new Error('one batch at a time');
      },
    };
    world = await startWorld({ keks: new HeldKeks(old), failpoints });
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it('loses no key and no signature, although a replica is killed half-way', async () => {
    const tenants = await Promise.all(Array.from({ length: SIGNERS }, () => signer(world)));
    const userId = newUser();
    for (let made = 0; made < KEYS; made += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => createKeyOf(world, userId)));
    }
    await using other = keysProcess(world.databaseUrl);
    other.giveKeks(fresh, old);
    other.arm('keys.rotate.batch_committed');
    const first = unheard(other.start());
    const killed = once(first, 'exit');
    await until('a second replica', async () => (await statusOf(world)).replicas.length === 2);

    world.keks.give(fresh, old);
    isInTheWay = true;
    let isOver = false;
    const signing = tenants.map(async (tenant) => {
      let signed = 0;
      for (; !isOver; signed += 1) await signRaw(world, tenant, 'while it is rotated');
      return signed;
    });
    await world.seal.rotateKek(ROTATE, ADMIN);
    assert.deepEqual(await killed, [null, 'SIGKILL']);
    assert.ok((await statusOf(world)).left > 0n);
    isInTheWay = false;
    const again = unheard(other.start());
    const status = await finished(world);
    isOver = true;

    for (const signed of await Promise.all(signing)) assert.ok(signed > 0);
    assert.equal(status.left, 0n);
    const secrets = BigInt((await sealedIn(world)).length);
    assert.ok(Number(secrets) > SIGNERS + KEYS);
    const [current, retired] = [...status.keks].sort((one) => (one.retireTime ? 1 : -1));
    assert.deepEqual([current?.sealed, retired?.sealed], [secrets, 0n]);
    assert.ok(retired?.retireTime && Number(current?.wraps) > SIGNERS + KEYS);

    world.keks.give(fresh);
    other.giveKeks(fresh);
    await until('without the old KEK', async () => {
      const { replicas } = await statusOf(world);
      return replicas.length === 2 && replicas.every(({ kekIds }) => kekIds.length === 1);
    });
    assert.equal(again.exitCode, null);
    const alone = await world.addReplica({ keks: new HeldKeks(fresh) });
    for (const tenant of tenants) await signRaw(alone, tenant, 'without the old KEK');
  });

  it('gives every secret a new data key, under the same KEK', async () => {
    const tenant = await signer(world);
    const before = await sealedIn(world);
    await world.seal.rotateKek({ ...ROTATE, dataKeys: true }, ADMIN);
    const { keks } = await finished(world);

    const after = await sealedIn(world);
    assert.equal(after.length, before.length);
    assert.ok(after.every((each) => !before.some((former) => former.equals(each))));
    assert.equal(keks.length, 1);
    const alone = await world.addReplica();
    await signRaw(alone, tenant, 'with a new data key');
  });

  it('waits for the replica that lacks the KEK, and leaves it able to sign meanwhile', async () => {
    const tenant = await signer(world);
    const late = new HeldKeks(old);
    const other = await world.addReplica({ keks: late });
    world.keks.give(fresh, old);
    const { status } = await world.seal.rotateKek(ROTATE, ADMIN);
    const target = status?.seal?.rotation?.kekId;
    await until('told', async () => {
      const { replicas } = await statusOf(world);
      return replicas.filter(({ kekIds }) => kekIds.includes(target ?? '')).length === 1;
    });
    await signRaw(other, tenant, 'meanwhile');
    assert.notEqual((await statusOf(world)).seal?.kekId, target);

    late.give(fresh, old);
    assert.equal((await finished(world)).seal?.kekId, target);
    await signRaw(other, tenant, 'afterwards');
  });

  it('retires what it leaves behind: nothing is sealed under that any more', async () => {
    await createKeyOf(world, newUser());
    world.keks.give(fresh, old);
    await world.seal.rotateKek(ROTATE, ADMIN);
    const { keks } = await finished(world);
    const retired = keks.find(({ retireTime }) => retireTime)?.id;
    const back = world.db.query('update key_version set kek_id = $1', [retired]);
    await assert.rejects(back, /is retired/);
  });

  it('takes along all but a secret that is broken, and does not call that an end', async () => {
    const { id } = await createKeyOf(world, newUser());
    const tenant = await signer(world);
    const damage = `update key_version set wrapped_key = overlay(wrapped_key placing '\\x00' from 20)
                    where key_id = $1`;
    await world.db.query(damage, [id]);
    world.keks.give(fresh, old);
    await world.seal.rotateKek(ROTATE, ADMIN);
    await until('all but one', async () => (await statusOf(world)).left === 1n);

    assert.equal((await statusOf(world)).seal?.rotation?.finishTime, undefined);
    await signRaw(world, tenant, 'all the same');
    const told = world.log.find(({ message }) => message === 'a secret could not be rewrapped');
    assert.deepEqual(told?.fields?.place, { of: 'key', id, version: 1, algorithm: 'hmac_sha256' });
  });

  it('leaves records of its start and its end (T14), once for one aim', async () => {
    world.keks.give(fresh, old);
    // At once: the first one may have come to its end before another call is made.
    await Promise.all([1, 2].map(() => world.seal.rotateKek(ROTATE, ADMIN)));
    await finished(world);
    const sql = `select kind, actor from history where aggregate = 'keys' order by seq`;
    assert.deepEqual(await world.db.query(sql), [
      { kind: 'seal.rotation_started', actor: 'user:usr_1' },
      { kind: 'seal.kek_chosen', actor: 'service:keys' },
      { kind: 'seal.rotation_finished', actor: 'service:keys' },
    ]);
  });

  it('is refused while the service is sealed, and changes nothing if it is only to be checked', async () => {
    await world.seal.rotateKek({ ...ROTATE, validateOnly: true }, ADMIN);
    assert.equal((await statusOf(world)).seal?.rotation, undefined);
    await world.seal.seal({ reason: 'a test', validateOnly: false }, ADMIN);
    assert.equal(await reasonOf(world.seal.rotateKek(ROTATE, ADMIN)), 'SEALED');
  });
});

/** Lets go what a process says. */
function unheard(child: ChildProcess): ChildProcess {
  child.stdout?.resume();
  child.stderr?.resume();
  return child;
}

async function signer(world: World): Promise<Tenant> {
  const tenant = await newTenant(world);
  await authorize(world, tenant);
  return tenant;
}

async function statusOf({ seal }: Replica): Promise<SealStatus> {
  const { status } = await seal.getSealStatus({}, ADMIN);
  return status ?? assert.fail('no status');
}

async function finished(replica: Replica): Promise<SealStatus> {
  const isFinished = async () => (await statusOf(replica)).seal?.rotation?.finishTime !== undefined;
  await until('finished', isFinished);
  return statusOf(replica);
}

async function sealedIn({ db }: World): Promise<readonly Buffer[]> {
  const sql = 'select sealed from key_version union all select sealed from service_secret';
  return (await db.query<{ readonly sealed: Buffer }>(sql)).map(({ sealed }) => sealed);
}
