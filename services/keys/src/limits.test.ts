// Goal: what a grant lets through is what its owner said; what it does not costs nothing and is noted.
// Method: the real service on a real database; lifecycle and teams are played by real servers.
import assert from 'node:assert/strict';
import {
  type GrantLimits,
  KeyAlgorithm,
  SignOperation,
  type SignTransactionResponse,
  type VenueRequest,
} from '@ramet/proto-gen/keys.v1';
import { RemoteError } from '@ramet/rpc';
import { systemIds } from '@ramet/service';
import { as, workloadOf } from './support/callers.js';
import { cloneMessage } from './support/peers.js';
import {
  authorize,
  createKeyOf,
  newTenant,
  newUser,
  reasonOf,
  startWorld,
  type Tenant,
  teamOwner,
  type World,
} from './support/world.js';

type Given = Parameters<typeof authorize>[2];

const WITHDRAWAL = { path: '/sapi/v1/capital/withdraw/apply' };

describe('the limits of a grant', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('let through what they allow, and say which of them did not', async () => {
    const tenant = await trader({
      venue: { allow: { paths: ['/api/v3/order'], symbols: ['BTCUSDT'] } },
    });

    assert.equal(await reasonOf(order(tenant, { query: 'symbol=BTCUSDT' })), 'OK');
    assert.equal(await limitOf(order(tenant, { query: 'symbol=ETHUSDT' })), 'symbols');
    assert.equal(await limitOf(order(tenant, { path: '/api/v3/orderList' })), 'paths');
  });

  it('judge each order of a batch, and take no parameter that they do not know', async () => {
    const tenant = await trader({ venue: { deny: { symbols: ['DOGEUSDT'] } } });
    const batch = (symbol: string) => {
      const orders = JSON.stringify([{ symbol: 'BTCUSDT' }, { symbol }]);
      return order(tenant, { query: `batchOrders=${encodeURIComponent(orders)}` });
    };

    assert.equal(await reasonOf(batch('ETHUSDT')), 'OK');
    assert.equal(await limitOf(batch('DOGEUSDT')), 'symbols');
    assert.equal(await limitOf(order(tenant, { query: 'newAlias=DOGEUSDT' })), 'parameters');
  });

  it('let the balances of Binance be read, with nothing or a window alone', async () => {
    const tenant = await trader({});
    const account = { method: 'GET', path: '/fapi/v3/account' };
    for (const query of ['', 'recvWindow=5000']) {
      assert.equal(await reasonOf(order(tenant, { ...account, query })), 'OK');
    }
  });

  it('of symbols are refused where they cannot hold, by their field', async () => {
    const key = { venue: 'coinbase', venueKeyId: 'K', algorithm: KeyAlgorithm.ED25519 };
    const material = { $case: 'generate', value: { rsaBits: 0 } } as const;
    const tenant = await newTenant(world, { key: { ...key, material } });
    const symbols = ['BTC-USD'];

    const refused = authorize(world, tenant, {
      ...{ operations: [SignOperation.VENUE], venue: { allow: { symbols }, deny: { symbols } } },
    });
    const thrown: unknown = await refused.catch((reason: unknown) => reason);
    assert.ok(thrown instanceof RemoteError);
    assert.equal(thrown.reason, 'REQUEST_INVALID');
    assert.deepEqual(
      thrown.violations.map(({ field }) => field),
      ['limits.venue.allow.symbols', 'limits.venue.deny.symbols'],
    );
  });

  it('cost no use where they refuse, and leave a denial', async () => {
    const tenant = await trader({ maxUses: 1n, venue: { allow: { methods: ['GET'] } } });

    for (let nth = 0; nth < 5; nth += 1) assert.equal(await limitOf(order(tenant, {})), 'methods');
    assert.equal(await reasonOf(order(tenant, { method: 'GET' })), 'OK');
    assert.equal(await reasonOf(order(tenant, { method: 'GET' })), 'GRANT_USED_UP');
  });

  it('deny withdrawals unless they are allowed by name', async () => {
    const silent = await trader({});
    const wide = await trader({ venue: { allow: { paths: ['/'] } } });
    const open = await trader({ venue: { allowWithdrawals: true } });

    assert.equal(await limitOf(order(silent, WITHDRAWAL)), 'withdrawals');
    assert.equal(await limitOf(order(wide, WITHDRAWAL)), 'withdrawals');
    assert.equal(await reasonOf(order(open, WITHDRAWAL)), 'OK');
  });

  it('allow withdrawals with the key of a team only if an OWNER created the clone', async () => {
    for (const [role, expected] of [
      [1, 'OK'],
      [2, 'WITHDRAWALS_DENIED'],
    ] as const) {
      const tenant = await teamTenant(role);
      const given = { operations: [], venue: { allowWithdrawals: true } };
      assert.equal(await reasonOf(authorize(world, tenant, given)), expected);
    }
  });

  it('leave raw bytes and digests out unless they are named', async () => {
    const tenant = await trader({ operations: [] });
    const raw = { $case: 'raw', value: Buffer.from('payload') } as const;
    const prehashed = { $case: 'prehashed', value: Buffer.alloc(32, 1) } as const;

    assert.equal(await reasonOf(sign(tenant, raw)), 'OPERATION_NOT_GRANTED');
    assert.notEqual(await reasonOf(sign(tenant, prehashed)), 'OK');
    assert.equal(await reasonOf(order(tenant, {})), 'OK');
  });

  it('cannot be empty for a key that signs raw bytes alone', async () => {
    const tenant = await newTenant(world);
    const refused = authorize(world, tenant, { operations: [] });
    assert.equal(await reasonOf(refused), 'OPERATION_NOT_GRANTED');
  });

  it('hold a workload to its rate, and tell it how long to wait', async () => {
    const tenant = await trader({ rate: { perSecond: 0.001, burst: 2 } });

    const reasons = await Promise.all(Array.from({ length: 5 }, () => reasonOf(order(tenant, {}))));
    assert.deepEqual(reasons.sort(), [...Array(3).fill('GRANT_RATE_EXCEEDED'), 'OK', 'OK']);
    const refusal = await order(tenant, {}).catch((thrown: unknown) => thrown);
    assert.ok(refusal instanceof RemoteError);
    assert.ok((refusal.retryAfterMs ?? 0) > 900_000);
  });

  it('are shown to who sees the key, as they were given', async () => {
    const given: Given = {
      operations: [SignOperation.VENUE],
      rate: { perSecond: 2.5, burst: 0 },
      maxPayloadBytes: 1_000,
      venue: { allow: { hosts: ['api.binance.com'] }, deny: { symbols: ['DOGE'] } },
      evm: { chainIds: [1n], contracts: [{ address: `0x${'a'.repeat(40)}`, selectors: [] }] },
    };
    const tenant = await trader(given);

    const limits = await limitsOf(tenant);
    assert.deepEqual(limits?.rate, { perSecond: 2.5, burst: 3 });
    assert.equal(limits?.maxPayloadBytes, 1_000);
    assert.deepEqual(limits?.venue?.allow?.hosts, ['api.binance.com']);
    assert.deepEqual(limits?.venue?.deny?.symbols, ['DOGE']);
    assert.deepEqual(limits?.evm?.chainIds, [1n]);
  });

  it('T36: are those of the first of equal authorizations: a grant is never widened', async () => {
    const tenant = await trader({ maxUses: 1n });
    const wider = await authorize(world, tenant, { operations: [SignOperation.RAW] });

    const [grant] = await grantsOf(tenant);
    assert.equal(grant?.id, wider);
    assert.deepEqual(grant?.limits?.operations, [SignOperation.VENUE]);
    assert.equal(grant?.limits?.maxUses, 1n);
  });

  it('T6: have rules for paths that are plain, or are refused with their field', async () => {
    const tenant = await newTenant(world, { key: { venue: 'binance' } });
    for (const path of [
      ...['', 'api', '/api/..', '/api/../sapi', '/./api', '/api//v3', '/api/', '/%2e%2e', '/a%2fb'],
      ...['/api/*', '/api/v3?x', '/a;b', '/a+b', '/a\u0000', '/ä', '/a b', '/a\\b', '/.', '/...'],
    ]) {
      for (const list of ['allow', 'deny'] as const) {
        const refused = authorize(world, tenant, { venue: { [list]: { paths: [path] } } });
        assert.equal(await reasonOf(refused), 'REQUEST_INVALID', JSON.stringify(path));
      }
    }
  });

  async function trader(given: Given): Promise<Tenant> {
    const tenant = await newTenant(world, { key: { venue: 'binance', venueKeyId: 'k' } });
    await authorize(world, tenant, { operations: [SignOperation.VENUE], ...given });
    return tenant;
  }

  async function teamTenant(role: 1 | 2): Promise<Tenant> {
    const userId = newUser();
    const teamId = systemIds.make('tem');
    world.peers.roles.set(`${teamId}/${userId}`, role);
    const owner = teamOwner(teamId);
    const { id: keyId } = await createKeyOf(world, userId, { owner, venue: 'binance' });
    const tenant = await newTenant(world, { keyId, userId });
    const { cloneId } = tenant;
    const clone = { id: cloneId, owner, creatorId: userId, teamId, keyId };
    world.peers.clones.set(cloneId, cloneMessage(clone));
    return { ...tenant, teamId };
  }

  function order(tenant: Tenant, request: Partial<VenueRequest>): Promise<SignTransactionResponse> {
    const rest = { method: 'POST', host: 'api.binance.com', path: '/api/v3/order' };
    const value = { ...rest, query: 'symbol=LTCBTC', body: Buffer.alloc(0), ...request };
    return sign(tenant, { $case: 'venue', value });
  }

  function sign(
    tenant: Tenant,
    payload: Parameters<World['signing']['signTransaction']>[0]['payload'],
  ): Promise<SignTransactionResponse> {
    const request = { requestId: systemIds.make('r'), keyId: tenant.keyId, payload };
    return world.signing.signTransaction(request, as(workloadOf(tenant)));
  }

  async function grantsOf({ keyId, userId }: Tenant) {
    const request = { keyId, pageSize: 0, pageToken: '' };
    return (await world.keys.listGrants(request, as(`user:${userId}`))).grants;
  }

  async function limitsOf(tenant: Tenant): Promise<GrantLimits | undefined> {
    return (await grantsOf(tenant))[0]?.limits;
  }
});

/** The limit that a call was refused for. */
async function limitOf(call: Promise<unknown>): Promise<string> {
  const thrown: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(thrown instanceof RemoteError);
  assert.equal(thrown.reason, 'LIMIT_EXCEEDED');
  return thrown.metadata.limit ?? '';
}
