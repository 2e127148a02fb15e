// Goal: each kind of payload goes from the contract to the log and back as what its receiver takes.
// Method: the real service on a real database; lifecycle and teams are played by real servers. What
// is signed is read by other libraries.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import {
  type CreateKeyRequest,
  KeyAlgorithm,
  SignOperation,
  type SignTransactionRequest,
  type SignTransactionResponse,
} from '@ramet/proto-gen/keys.v1';
import { RemoteError } from '@ramet/rpc';
import { systemIds } from '@ramet/service';
import { Transaction } from 'micro-eth-signer';
import { as, workloadOf } from './support/callers.js';
import {
  authorize,
  newTenant,
  reasonOf,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

type Payload = SignTransactionRequest['payload'] & object;

const TRANSACTION = {
  ...{ chainId: 1n, nonce: 7n, gasLimit: 21_000n, value: '1000', data: Buffer.alloc(0) },
  to: '0x3535353535353535353535353535353535353535',
  fee: { $case: 'dynamicFee', value: { maxFee: '200', maxPriorityFee: '2' } },
  accessList: [],
} as const;

describe('SignTransaction of each kind', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('signs a transaction of Ethereum that can be broadcast, and again the same', async () => {
    const tenant = await granted({ algorithm: KeyAlgorithm.ECDSA_SECP256K1 });
    const payload: Payload = { $case: 'evmTransaction', value: TRANSACTION };

    const first = await sign(tenant, payload, 'r1');
    const again = await sign(tenant, payload, 'r1');

    assert.deepEqual(again, first);
    const { evmTransaction } = first;
    const read = Transaction.fromHex(`0x${evmTransaction?.rawTransaction.toString('hex')}`);
    assert.equal(read.type, 'eip1559');
    assert.equal(read.sender, evmTransaction?.sender);
    assert.equal(read.raw.nonce, 7n);
    assert.equal(read.hash.replace('0x', ''), evmTransaction?.hash.toString('hex'));
  });

  it('refuses another transaction of the same request id', async () => {
    const tenant = await granted({ algorithm: KeyAlgorithm.ECDSA_SECP256K1 });
    await sign(tenant, { $case: 'evmTransaction', value: TRANSACTION }, 'r1');

    const other: Payload = { $case: 'evmTransaction', value: { ...TRANSACTION, value: '1001' } };
    assert.equal(await reasonOf(sign(tenant, other, 'r1')), 'REQUEST_ID_REUSED');
  });

  it('signs messages and typed data as a wallet does', async () => {
    const tenant = await granted({ algorithm: KeyAlgorithm.ECDSA_SECP256K1 });
    const json =
      '{"types":{"A":[{"name":"n","type":"uint8"}]},"primaryType":"A","domain":{},"message":{"n":1}}';

    const message = await sign(tenant, { $case: 'evmMessage', value: Buffer.from('hello') });
    const typed = await sign(tenant, { $case: 'evmTypedData', value: json });

    for (const { signature } of [message, typed]) {
      assert.equal(signature.length, 65);
      assert.ok([27, 28].includes(signature[64] ?? 0));
    }
  });

  it('gives each request of a key to Kraken a higher nonce, on all replicas', async () => {
    await using replica = await world.addReplica();
    const secret = Buffer.alloc(64, 5);
    const tenant = await granted({
      ...{ algorithm: KeyAlgorithm.HMAC_SHA512, venue: 'kraken', venueKeyId: 'K' },
      material: { $case: 'secret', value: Buffer.from(secret.toString('base64')) },
    });
    const rest = { method: 'POST', host: 'api.kraken.com', path: '/0/private/AddOrder', query: '' };
    const payload = (): Payload => ({
      $case: 'venue',
      value: { ...rest, body: Buffer.from('pair=XBTUSD') },
    });

    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        sign(tenant, payload(), `r${at}`, [world, replica][at % 2]),
      ),
    );

    const nonces = answers.map(
      ({ venue }) => /^nonce=([0-9]{16})&pair=XBTUSD$/.exec(`${venue?.body}`)?.[1],
    );
    assert.equal(new Set(nonces).size, 40);
    assert.ok(!nonces.includes(undefined));
    const first = await sign(tenant, payload(), 'r0');
    assert.deepEqual(first, answers[0]);
    const digest = await sha256(`${nonces[0]}nonce=${nonces[0]}&pair=XBTUSD`);
    const bytes = Buffer.concat([Buffer.from('/0/private/AddOrder'), digest]);
    assert.deepEqual(first.signature, createHmac('sha512', secret).update(bytes).digest());
  });

  it('gives OKX the passphrase that was sealed with the secret', async () => {
    const secret = 'a secret of thirty-two bytes ...';
    const tenant = await granted({
      ...{ venue: 'okx', venueKeyId: 'K', passphrase: Buffer.from('open sesame') },
      material: { $case: 'secret', value: Buffer.from(secret) },
    });
    const body = Buffer.from('{"instId":"BTC-USDT"}');
    const rest = { method: 'POST', host: 'www.okx.com', query: '', body };

    const { venue, acceptTime } = await sign(tenant, {
      ...{ $case: 'venue', value: { ...rest, path: '/api/v5/trade/order' } },
    });

    const headers = Object.fromEntries(
      (venue?.headers ?? []).map(({ name, value }) => [name, value]),
    );
    const text = `${acceptTime?.toISOString()}POST/api/v5/trade/order${body}`;
    assert.equal(headers['OK-ACCESS-PASSPHRASE'], 'open sesame');
    assert.equal(
      headers['OK-ACCESS-SIGN'],
      createHmac('sha256', secret).update(text).digest('base64'),
    );
  });

  it('T33: signs no raw bytes that are a payload of what is not granted', async () => {
    const raw = [SignOperation.RAW];
    const tenant = await granted({ algorithm: KeyAlgorithm.ECDSA_SECP256K1 }, raw);
    const wallet = Buffer.from('\u0019Ethereum Signed Message:\n1a');

    assert.equal(
      await reasonOf(sign(tenant, { $case: 'raw', value: wallet })),
      'OPERATION_NOT_GRANTED',
    );
    assert.equal(await reasonOf(sign(tenant, { $case: 'raw', value: Buffer.from('a') })), 'OK');
    const venue = await granted({ venue: 'binance' }, raw);
    const order = Buffer.from('symbol=A&timestamp=1499827319559');
    assert.equal(
      await reasonOf(sign(venue, { $case: 'raw', value: order })),
      'OPERATION_NOT_GRANTED',
    );
  });

  it('signs only what was granted, and names what does not fit', async () => {
    const tenant = await granted({ algorithm: KeyAlgorithm.ECDSA_SECP256K1 }, [
      SignOperation.EVM_TRANSACTION,
    ]);
    const digest = Buffer.alloc(32, 1);

    // What is not granted is not even read.
    for (const payload of [
      { $case: 'prehashed', value: digest },
      { $case: 'solanaMessage', value: digest },
      { $case: 'evmTypedData', value: '[]' },
    ] as const) {
      assert.equal(await reasonOf(sign(tenant, payload)), 'OPERATION_NOT_GRANTED');
    }
    for (const [payload, field] of [
      [{ $case: 'prehashed', value: digest.subarray(1) }, 'prehashed'],
      [{ $case: 'evmTransaction', value: { ...TRANSACTION, to: '0x1' } }, 'evm_transaction.to'],
      [
        { $case: 'evmTransaction', value: { ...TRANSACTION, chainId: 0n } },
        'evm_transaction.chain_id',
      ],
      [
        { $case: 'evmTransaction', value: { ...TRANSACTION, fee: undefined } },
        'evm_transaction.fee',
      ],
    ] as const) {
      assert.deepEqual(await fieldsOf(sign(tenant, payload)), [field]);
    }
  });

  async function granted(
    key: Partial<CreateKeyRequest>,
    operations: readonly SignOperation[] = [],
  ): Promise<Tenant> {
    const tenant = await newTenant(world, { key });
    await authorize(world, tenant, { operations });
    return tenant;
  }

  function sign(
    tenant: Tenant,
    payload: Payload,
    requestId = systemIds.make('r'),
    { signing }: Pick<World, 'signing'> = world,
  ): Promise<SignTransactionResponse> {
    const who = as(workloadOf(tenant));
    return signing.signTransaction({ requestId, keyId: tenant.keyId, payload }, who);
  }
});

async function sha256(text: string): Promise<Buffer> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text)));
}

async function fieldsOf(call: Promise<unknown>): Promise<readonly string[]> {
  try {
    await call;
    return [];
  } catch (thrown) {
    assert.ok(thrown instanceof RemoteError);
    return thrown.violations.map(({ field }) => field);
  }
}
