// Goal: every refusal to sign that concerns a key is in the log of its owner, whatever it was refused
// for; and what concerns no key of the caller's is in none.
// Method: the real service; the owner lists what was refused.
import assert from 'node:assert/strict';
import { SignOperation, SignTransactionRequest } from '@ramet/proto-gen/keys.v1';
import { systemIds } from '@ramet/service';
import { as, workloadOf } from './support/callers.js';
import {
  authorize,
  newTenant,
  reasonOf,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

type Asked = Parameters<typeof SignTransactionRequest.fromPartial>[0];

const EMPTY = { $case: 'raw', value: Buffer.alloc(0) } as const;
const BYTES = { $case: 'raw', value: Buffer.from('payload') } as const;
const STAMPED = {
  $case: 'venue',
  value: { method: 'GET', host: 'api.binance.com', path: '/api/v3/account', query: 'timestamp=1' },
} as const;

describe('a refusal to sign', () => {
  let world: World;

  beforeEach(async () => {
    world = await startWorld();
  });

  afterEach(() => world[Symbol.asyncDispose]());

  it('is in the log when the payload does not fit the key', async () => {
    const tenant = await newTenant(world, { key: { venue: 'binance', venueKeyId: 'name' } });
    await authorize(world, tenant, { operations: [SignOperation.VENUE] });

    assert.equal(await ask(tenant, { payload: STAMPED }), 'REQUEST_INVALID');

    assert.deepEqual(await denied(tenant), ['REQUEST_INVALID']);
  });

  it('is in the log when the request breaks a bound, and names a key of the execution', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);

    assert.equal(await ask(tenant, { payload: EMPTY }), 'REQUEST_INVALID');
    assert.equal(await ask(tenant, { requestId: 'not one', payload: BYTES }), 'REQUEST_INVALID');

    assert.deepEqual(await denied(tenant), ['REQUEST_INVALID', 'REQUEST_INVALID']);
  });

  it('is in no log when the request is none, and names no key of the execution', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    const stranger = { ...tenant, executionId: systemIds.make('exe') };

    assert.equal(await ask(stranger, { payload: EMPTY }), 'REQUEST_INVALID');
    for (const keyId of [systemIds.make('key'), `${tenant.keyId}\0`, '']) {
      assert.equal(await ask(tenant, { keyId, payload: EMPTY }), 'REQUEST_INVALID');
    }

    assert.deepEqual(await denied(tenant), []);
    assert.deepEqual(await world.db.query('select from denial'), []);
  });

  it('is in the log while the service is sealed, many as one', async () => {
    const tenant = await newTenant(world);
    await authorize(world, tenant);
    await world.seal.seal({ reason: 'a test', validateOnly: false }, as('admin:usr_1'));

    const reasons = await Promise.all(
      Array.from({ length: 40 }, () => ask(tenant, { payload: BYTES })),
    );
    assert.deepEqual(new Set(reasons), new Set(['SEALED']));
    assert.equal(await ask(tenant, { payload: EMPTY }), 'REQUEST_INVALID');

    const sql = `
      select reason, count(*)::int as rows, sum(count)::int as total
      from denial where key_id = $1 group by reason order by reason`;
    const [invalid, sealed] = await world.db.query<{ rows: number; total: number }>(sql, [
      tenant.keyId,
    ]);
    assert.deepEqual(invalid, { reason: 'REQUEST_INVALID', rows: 1, total: 1 });
    assert.equal(sealed?.total, 40);
    assert.ok(sealed.rows < 10, `${sealed.rows} rows`);
  });

  it('is one of many if an execution asks for keys that it has invented', async () => {
    const tenant = await newTenant(world);
    const asked = Array.from({ length: 40 }, () =>
      ask(tenant, { keyId: systemIds.make('key'), payload: BYTES }),
    );
    assert.deepEqual(new Set(await Promise.all(asked)), new Set(['KEY_NOT_FOUND']));

    const sql = `
      select count(*)::int as rows, sum(count)::int as total
      from denial where execution_id = $1 and reason = 'KEY_NOT_FOUND'`;
    const [kept] = await world.db.query<{ rows: number; total: number }>(sql, [tenant.executionId]);
    assert.equal(kept?.total, 40);
    assert.ok(kept.rows < 10, `${kept.rows} rows`);
  });

  function ask(tenant: Tenant, asked: Asked): Promise<string> {
    const requestId = systemIds.make('r');
    const request = SignTransactionRequest.fromPartial({
      ...{ requestId, keyId: tenant.keyId, ...asked },
    });
    return reasonOf(world.signing.signTransaction(request, as(workloadOf(tenant))));
  }

  /** The reasons that the owner of the key is told of, each as often as it came. */
  async function denied({ userId, keyId }: Tenant): Promise<readonly string[]> {
    const request = { keyId, pageSize: 0, pageToken: '' };
    const { denials } = await world.keys.listDenials(request, as(`user:${userId}`));
    return denials.flatMap(({ reason, count }) => Array(Number(count)).fill(reason));
  }
});
