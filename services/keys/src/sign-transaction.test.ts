// Goal: what can be signed, under which limits, and what each refusal looks like (systems.md F.2,
// row 6).
// Method: the real service on a real database; lifecycle and teams are played by real servers.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import {
  KeyAlgorithm,
  SignOperation,
  type SignTransactionResponse,
  type VenueRequest,
} from '@ramet/proto-gen/keys.v1';
import { RemoteError } from '@ramet/rpc';
import { systemIds } from '@ramet/service';
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

const SECRET = 'the secret of a venue, 32 bytes.';
const VENUE_KEY = {
  venue: 'binance',
  venueKeyId: 'the-api-key',
} as const;

describe('SignTransaction', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('signs a request to Binance at the time of the log, and again the same', async () => {
    const tenant = await venueTenant();

    const first = await signVenue(tenant, { query: 'symbol=LTCBTC' }, 'r1');
    const again = await signVenue(tenant, { query: 'symbol=LTCBTC' }, 'r1');

    assert.deepEqual(again, first);
    const at = first.acceptTime?.getTime();
    const text = `symbol=LTCBTC&timestamp=${at}`;
    const signature = createHmac('sha256', SECRET).update(text).digest('hex');
    assert.equal(first.venue?.query, `${text}&signature=${signature}`);
    assert.deepEqual(first.venue?.headers, [{ name: 'X-MBX-APIKEY', value: 'the-api-key' }]);
    assert.equal(first.signature.toString('hex'), signature);
  });

  it('refuses another request to the venue of the same request id', async () => {
    const tenant = await venueTenant();
    await signVenue(tenant, { query: 'symbol=LTCBTC' }, 'r1');

    for (const other of [{ query: 'symbol=BTCUSD' }, { query: 'symbol=LTCBTC', path: '/other' }]) {
      assert.equal(await reasonOf(signVenue(tenant, other, 'r1')), 'REQUEST_ID_REUSED');
    }
  });

  it('names the field of a parameter that is set here', async () => {
    const tenant = await venueTenant();
    const refused = signVenue(tenant, { query: 'timestamp=1' });
    assert.deepEqual(await fieldsOf(refused), ['venue.query']);
  });

  it('refuses a request to a venue for a key of none', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    assert.equal(await reasonOf(signVenue(tenant, {})), 'OPERATION_NOT_GRANTED');
  });

  it('spends no use on what it refuses', async () => {
    const tenant = await venueTenant({ maxUses: 1n });

    assert.equal(await reasonOf(signVenue(tenant, { query: 'signature=1' })), 'REQUEST_INVALID');
    assert.equal(await reasonOf(signVenue(tenant, {})), 'OK');
    assert.equal(await reasonOf(signVenue(tenant, {})), 'GRANT_USED_UP');
  });

  it('signs nothing but the operations that were granted', async () => {
    const tenant = await venueTenant({ operations: [SignOperation.VENUE] });

    assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'OPERATION_NOT_GRANTED');
    assert.equal(await reasonOf(signVenue(tenant, {})), 'OK');
  });

  it('signs nothing after the grant has expired, not even again', async () => {
    const tenant = await newTenant(world);
    const grantId = await authorize(world, tenant);
    await signRaw(world, tenant, 'payload', 'r1');

    await world.db.query('update key_grant set expires_at = ramet_now() where id = $1', [grantId]);

    assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r1')), 'GRANT_EXPIRED');
    assert.equal(await reasonOf(signRaw(world, tenant, 'payload', 'r2')), 'GRANT_EXPIRED');
  });

  it("shows another clone's key and a key that is not there alike", async () => {
    const holder = await newTenant(world);
    await authorize(world, holder);
    const stranger = await newTenant(world);
    await authorize(world, stranger);

    const foreign = { ...stranger, keyId: holder.keyId };
    const missing = { ...stranger, keyId: systemIds.make('key') };
    assert.equal(await reasonOf(signRaw(world, foreign, 'payload')), 'KEY_NOT_FOUND');
    assert.equal(await reasonOf(signRaw(world, missing, 'payload')), 'KEY_NOT_FOUND');
  });

  it('takes every part of a workload identity for what it is', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);

    for (const other of [
      { executionId: systemIds.make('exe') },
      { cloneId: systemIds.make('cln') },
      { epoch: 2 },
    ]) {
      assert.equal(await reasonOf(signRaw(world, { ...tenant, ...other }, 'p')), 'KEY_NOT_FOUND');
    }
    assert.equal(await reasonOf(signRaw(world, tenant, 'p')), 'OK');
  });

  it('lets nobody but workloads sign', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    const payload = { $case: 'raw', value: Buffer.from('payload') } as const;
    const request = { requestId: 'r1', keyId: tenant.keyId, payload };

    for (const who of [as(`user:${tenant.userId}`), LIFECYCLE]) {
      assert.equal(
        await reasonOf(world.signing.signTransaction(request, who)),
        'PERMISSION_DENIED',
      );
    }
    const anonymous = world.signing.signTransaction(request);
    assert.equal(await reasonOf(anonymous), 'TOKEN_MISSING');
  });

  it('signs any bytes up to 64 KiB, and names the field of more', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    const sign = (value: Buffer) => {
      const payload = { $case: 'raw', value } as const;
      const requestId = systemIds.make('r');
      const who = as(workloadOf(tenant));
      return world.signing.signTransaction({ requestId, keyId: tenant.keyId, payload }, who);
    };

    assert.equal(await reasonOf(sign(Buffer.alloc(65_536, 0))), 'OK');
    assert.equal(await reasonOf(sign(Buffer.from([0xff, 0xfe, 0x00]))), 'OK');
    assert.deepEqual(await fieldsOf(sign(Buffer.alloc(65_537, 1))), ['raw']);
    assert.deepEqual(await fieldsOf(sign(Buffer.alloc(0))), ['raw']);
  });

  it('signs with SHA-512 and Ed25519 too', async () => {
    for (const [algorithm, bytes] of [
      [KeyAlgorithm.HMAC_SHA512, 64],
      [KeyAlgorithm.ED25519, 64],
    ] as const) {
      const tenant = await newTenant(world, { key: { algorithm } });
      await authorize(world, tenant);
      assert.equal((await signRaw(world, tenant, 'payload')).length, bytes);
    }
  });

  it('records every refusal before its caller has it', async () => {
    const tenant = await newTenant(world);
    const refused = Array.from({ length: 20 }, () => reasonOf(signRaw(world, tenant, 'payload')));
    await Promise.all(refused);

    const rows = await world.db.query<{ reason: string; sum: bigint }>(
      'select reason, sum(count)::bigint as sum from denial where key_id = $1 group by reason',
      [tenant.keyId],
    );

    assert.deepEqual(rows, [{ reason: 'KEY_NOT_FOUND', sum: 20n }]);
  });

  it('T14: says that it is unavailable instead of a refusal that cannot be recorded', async () => {
    const tenant = await newTenant(world);
    const session = await world.db.reserve();
    await session.query('set idle_in_transaction_session_timeout = 0');
    await session.query('begin');
    await session.query('lock table denial in access exclusive mode');

    const refused = await reasonOf(signRaw(world, tenant, 'payload'));
    await session[Symbol.asyncDispose]();

    assert.equal(refused, 'DATABASE_UNAVAILABLE');
    assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'KEY_NOT_FOUND');
  });

  async function venueTenant(limits: Partial<Limits> = {}): Promise<Tenant> {
    const material = { $case: 'secret', value: Buffer.from(SECRET) } as const;
    const tenant = await newTenant(world, { key: { ...VENUE_KEY, material } });
    await authorize(world, tenant, { operations: [SignOperation.VENUE], ...limits });
    return tenant;
  }

  function signVenue(
    tenant: Tenant,
    request: Partial<VenueRequest>,
    requestId = systemIds.make('r'),
  ): Promise<SignTransactionResponse> {
    const rest = { method: 'POST', host: 'api.binance.com', path: '/api/v3/order' };
    const value = { ...rest, query: 'symbol=LTCBTC', body: Buffer.alloc(0), ...request };
    const payload = { $case: 'venue', value } as const;
    const who = as(workloadOf(tenant));
    return world.signing.signTransaction({ requestId, keyId: tenant.keyId, payload }, who);
  }
});

type Limits = Parameters<typeof authorize>[2] & object;

async function fieldsOf(call: Promise<unknown>): Promise<readonly string[]> {
  try {
    await call;
    return [];
  } catch (thrown) {
    assert.ok(thrown instanceof RemoteError);
    return thrown.violations.map(({ field }) => field);
  }
}
