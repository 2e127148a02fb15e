// Goal: signing goes on by itself after its connections were lost, and a frozen replica delays
// releases only.
// Method: the server ends the connections of the service; a lock stands for the frozen replica.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import {
  RotateKeyRequest,
  SigningServiceService,
  SignTransactionRequest,
} from '@ramet/proto-gen/keys.v1';
import { as, workloadOf } from './support/callers.js';
import {
  authorize,
  LIFECYCLE,
  newTenant,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

const LOCK_CLASS = 7_320_001;

describe('keys and its database', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('signs on after its connections were lost', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    await signRaw(world, tenant, 'payload');

    for (let round = 0; round < 3; round += 1) {
      await world.db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'keys' and datname = current_database()`,
      );
      assert.equal(await reasonOf(signRaw(world, tenant, `payload ${round}`)), 'OK');
    }
  });

  it('spends one use on a request whose connection was lost', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant, { maxUses: 40n });
    const ends = world.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'keys' and datname = current_database()`,
    );

    const reasons = await Promise.all(
      Array.from({ length: 40 }, (_, nth) => reasonOf(signRaw(world, tenant, 'p', `r${nth}`))),
    );
    await ends;

    assert.ok(reasons.every((reason) => reason === 'OK' || reason === 'DATABASE_UNAVAILABLE'));
    for (let nth = 0; nth < 40; nth += 1) {
      assert.equal(await reasonOf(signRaw(world, tenant, 'p', `r${nth}`)), 'OK');
    }
    assert.equal(await reasonOf(signRaw(world, tenant, 'p', 'one-more')), 'GRANT_USED_UP');
  });

  it('releases a key although a client takes no answer, and that one gets none later', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    const session = connect(`http://${world.address}`, { settings: { initialWindowSize: 0 } });
    const stream = askOver(session, tenant);
    const received: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => received.push(chunk));
    const closed = once(stream, 'close');
    await once(stream, 'response');

    const { keyId, cloneId } = tenant;
    const released = await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);
    session.settings({ initialWindowSize: 65_535 });
    await closed;

    assert.deepEqual(released, { released: true });
    assert.deepEqual(received, []);
    session.destroy();
  });

  it('says that a release is not confirmed soon after a replica was lost, whose answers may come', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    const { keyId, cloneId } = tenant;
    const lost = await world.db.reserve();
    await lost.query('select open_lane()');
    await lost[Symbol.asyncDispose]();

    const release = () => reasonOf(world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE));
    assert.equal(await release(), 'DRAIN_UNCONFIRMED');

    const past =
      "update lane set lost_at = lost_at - interval '1 minute' where lost_at is not null";
    await world.db.query(past);
    assert.equal(await release(), 'OK');
    assert.deepEqual(await world.db.query('select from lane where lost_at is not null'), []);
  });

  it('waits for no connection of its own that was lost with nothing in flight', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    await signRaw(world, tenant, 'payload');
    await world.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'keys' and datname = current_database()`,
    );
    assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'OK');

    const { keyId, cloneId } = tenant;
    const release = world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);
    assert.equal(await reasonOf(release), 'OK');
  });

  it('says that a release is not confirmed while a replica is frozen, and signs meanwhile', async () => {
    const frozen = await newTenant(world);
    await authorize(world, frozen);
    const other = await newTenant(world);
    await authorize(world, other);
    const { keyId, cloneId } = frozen;
    const session = await world.db.reserve();
    await session.query(`select pg_advisory_lock_shared(${LOCK_CLASS}, 1)`);

    const release = reasonOf(world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE));
    assert.equal(await reasonOf(signRaw(world, other, 'payload')), 'OK');
    assert.equal(await release, 'DRAIN_UNCONFIRMED');
    assert.equal(await reasonOf(signRaw(world, frozen, 'payload')), 'GRANT_REVOKED');

    await session[Symbol.asyncDispose]();
    const again = await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);
    assert.deepEqual(again, { released: false });
  });

  it('has an end of signing confirmed by who asks again, and not before it is so', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    const id = tenant.keyId;
    const user = as(`user:${tenant.userId}`);
    const rotation = RotateKeyRequest.fromPartial({
      ...{ id, requestId: 'rotate-1', material: { $case: 'generate', value: {} } },
      overlap: { seconds: 0n, nanos: 0 },
    });
    const seal = { reason: 'a test', validateOnly: false };
    const ends = [
      () => world.keys.rotateKey(rotation, user),
      (etag: string) => world.keys.disableKey({ id, etag }, user),
      () => world.seal.seal(seal, as('admin:usr_1')),
    ];
    for (const end of ends) {
      const { key } = await world.keys.getKey({ id }, user);
      const ask = () => reasonOf(end(key?.etag ?? ''));
      const session = await world.db.reserve();
      await session.query(`select pg_advisory_lock_shared(${LOCK_CLASS}, 1)`);
      assert.deepEqual([await ask(), await ask()], Array(2).fill('DRAIN_UNCONFIRMED'));
      await session[Symbol.asyncDispose]();
      assert.equal(await ask(), 'OK');
    }
    const { key } = await world.keys.getKey({ id }, user);
    assert.equal(key?.versions.length, 2);
    await world.seal.unseal({ reason: 'a test' }, as('admin:usr_1'));
  });
});

/** Asks for a signature over a connection of the test's own. */
function askOver(session: ClientHttp2Session, tenant: Tenant): ClientHttp2Stream {
  const { path, requestSerialize } = SigningServiceService.signTransaction;
  const payload = { $case: 'raw', value: Buffer.from('payload') } as const;
  const request = { requestId: 'r1', keyId: tenant.keyId, payload };
  const message = requestSerialize(SignTransactionRequest.fromPartial(request));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    caller: workloadOf(tenant),
  });
  stream.on('error', () => undefined);
  stream.end(Buffer.concat([head, message]));
  return stream;
}
