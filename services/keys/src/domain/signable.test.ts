import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { fieldsOf, keyOf, secp256k1Key } from '../support/schemes.js';
import type { Operation } from './grant.js';
import type { Payload, SchemeKey } from './scheme.js';
import type { EvmTransaction } from './schemes/evm-transaction.js';
import { encodeRlp, type Rlp } from './schemes/rlp.js';
import { schemeOf } from './schemes/venues.js';
import { partsOf, signable } from './signable.js';

const HMAC = keyOf('hmac_sha256', Buffer.alloc(32, 1));
const ETHEREUM = secp256k1Key('11'.repeat(32));
const ED25519 = keyOf('ed25519', Buffer.alloc(32, 7));

describe('T33: raw bytes', () => {
  const fields = (count: number): Rlp => Array.from({ length: count }, () => Buffer.from([7]));
  const solana = Buffer.concat([
    Buffer.from([1, 0, 1, 2]),
    Buffer.alloc(32, 5),
    Buffer.alloc(64),
    Buffer.from([1, 1, 0, 0]),
  ]);
  const cases: readonly (readonly [string, Operation, Buffer, Partial<SchemeKey>?])[] = [
    ['a legacy transaction', 'evm_transaction', encodeRlp(fields(6))],
    ['a transaction of EIP-155', 'evm_transaction', encodeRlp(fields(9))],
    ['one of EIP-2930', 'evm_transaction', typed(1, fields(8))],
    ['one of EIP-1559', 'evm_transaction', typed(2, fields(9))],
    ['a signed one of EIP-1559', 'evm_transaction', typed(2, fields(12))],
    ['one of a type to come', 'evm_transaction', typed(0x7f, fields(20))],
    ['a message of a wallet', 'evm_message', Buffer.from('\u0019Ethereum Signed Message:\n1a')],
    ['typed data', 'evm_typed_data', Buffer.concat([Buffer.from([0x19, 1]), Buffer.alloc(64)])],
    ['a Solana message', 'solana_message', solana],
    ['a request to Binance', 'venue', Buffer.from('a=1&timestamp=1499827319559'), of('binance')],
    ['one with a name in code', 'venue', Buffer.from('a=1&%74imestamp=149982'), of('binance')],
    [
      'a log-in to Binance by FIX',
      'venue',
      Buffer.from('A\u0001ME\u0001SPOT\u00011'),
      of('binance'),
    ],
    ['a request to Bybit', 'venue', Buffer.from('1658384314791KKKKKKKKKK5000{}'), of('bybit')],
    ['a log-in to Bybit', 'venue', Buffer.from('GET/realtime1658384314791'), of('bybit')],
    ['a request to OKX', 'venue', Buffer.from('2020-12-08T09:08:57.715ZGET/api'), of('okx')],
    ['a log-in to OKX', 'venue', Buffer.from('1658384314GET/users/self/verify'), of('okx')],
    ['a request to KuCoin', 'venue', Buffer.from('1547015186532POST/api/v1/x'), of('kucoin')],
    ['a request to Kraken', 'venue', Buffer.from('/0/private/AddOrder.......'), of('kraken')],
    ['a log-in to Kraken by FIX, or for futures', 'venue', Buffer.alloc(32, 0xa5), of('kraken')],
    ['a token for Coinbase', 'venue', Buffer.from('eyJhbGciOi.eyJpc3Mi'), of('coinbase')],
    ['one of blanks for Coinbase', 'venue', Buffer.from('CnsiYQ.CnsiYQ'), of('coinbase')],
    ['a request to Bitfinex', 'venue', Buffer.from('/api/v2/auth/w/x1{}'), of('bitfinex')],
    ['a log-in to Bitfinex', 'venue', Buffer.from('AUTH1658384314791'), of('bitfinex')],
    ['a request to Poloniex', 'venue', Buffer.from('GET\n/orders\na=1'), of('poloniex')],
  ];
  for (const [name, operation, bytes, key] of cases) {
    it(`are not signed if they are ${name}, also where that is granted`, () => {
      const payload: Payload = { kind: 'raw', bytes };

      for (const operations of [['raw'], ['raw', operation]] as const) {
        const reason = reasonOf(() => signable(payload, { ...HMAC, ...key, operations }));
        assert.equal(reason, 'OPERATION_NOT_GRANTED');
      }
    });
  }

  it('are refused for keys of every algorithm that their venue takes', () => {
    for (const [name, operation, bytes, key] of cases) {
      for (const algorithm of schemeOf(key?.venue ?? '')?.algorithms ?? []) {
        const made = { ...HMAC, ...key, algorithm, operations: ['raw', operation] as const };
        const reason = reasonOf(() => signable({ kind: 'raw', bytes }, made));
        assert.equal(reason, 'OPERATION_NOT_GRANTED', `${name}, ${algorithm}`);
      }
    }
  });

  it('are signed if they are nothing of the kind', () => {
    for (const text of [
      'an order',
      'a=1',
      '{"a":1}',
      '\u0000',
      'f'.repeat(500),
      '\u0019'.slice(1),
    ]) {
      const payload: Payload = { kind: 'raw', bytes: Buffer.from(text) };
      assert.equal(signable(payload, { ...HMAC, ...of('binance') }).scheme, 'raw');
    }
  });
});

describe('a payload', () => {
  const digest = Buffer.alloc(32, 1);
  const message = Buffer.from('hello');
  const cases: readonly (readonly [string, Payload, SchemeKey, readonly string[]])[] = [
    ['a digest for secp256k1', { kind: 'prehashed', digest }, ETHEREUM, []],
    ['a digest of another size', { kind: 'prehashed', digest: message }, ETHEREUM, ['prehashed']],
    ['a digest for an HMAC', { kind: 'prehashed', digest }, HMAC, ['prehashed']],
    ['a digest for Ed25519', { kind: 'prehashed', digest }, ED25519, ['prehashed']],
    ['a message of Ethereum', { kind: 'evm_message', message }, ETHEREUM, []],
    [
      'a message of Ethereum, elsewhere',
      { kind: 'evm_message', message },
      ED25519,
      ['evm_message'],
    ],
    ['typed data elsewhere', { kind: 'evm_typed_data', json: '{}' }, HMAC, ['evm_typed_data']],
    ['no Solana message', { kind: 'solana_message', message }, ED25519, ['solana_message']],
    ['a Solana message elsewhere', { kind: 'solana_message', message }, HMAC, ['solana_message']],
  ];
  for (const [name, payload, key, fields] of cases) {
    it(`that is ${name} is ${fields.length === 0 ? 'signed' : 'refused by name'}`, () => {
      assert.deepEqual(
        fieldsOf(() => signable(payload, key)),
        fields,
      );
    });
  }

  it('for a venue needs a key for one', () => {
    const request = { method: 'GET', host: '', path: '/', query: '', body: Buffer.alloc(0) };
    assert.equal(
      reasonOf(() => signable({ kind: 'venue', request }, HMAC)),
      'VENUE_UNSUPPORTED',
    );
    assert.equal(
      reasonOf(() => signable({ kind: 'venue', request }, { ...HMAC, venue: 'toString' })),
      'VENUE_UNSUPPORTED',
    );
  });

  it('differs from another one in its parts (T11)', () => {
    const transaction: EvmTransaction = {
      ...{ chainId: 1n, nonce: 1n, gasLimit: 1n, to: '', value: '1', data: Buffer.from('a') },
      ...{ fee: { kind: 'gas_price', gasPrice: '1' }, accessList: [] },
    };
    const parts = (more: Partial<EvmTransaction>) =>
      partsOf({ kind: 'evm_transaction', transaction: { ...transaction, ...more } });

    for (const more of [
      { chainId: 2n },
      { nonce: 2n },
      { gasLimit: 2n },
      { to: '0x' },
      { value: '2' },
    ]) {
      assert.notDeepEqual(parts(more), parts({}));
    }
    assert.notDeepEqual(parts({ data: Buffer.from('b') }), parts({}));
    const fee = { kind: 'dynamic', maxFee: '1', maxPriorityFee: '1' } as const;
    assert.notDeepEqual(parts({ fee }), parts({}));
    assert.notDeepEqual(parts({ accessList: [{ address: '0x', storageKeys: [] }] }), parts({}));
  });
});

function of(venue: string): Partial<SchemeKey> {
  return { venue };
}

function typed(kind: number, fields: Rlp): Buffer {
  return Buffer.concat([Buffer.from([kind]), encodeRlp(fields)]);
}

function reasonOf(act: () => unknown): string {
  try {
    act();
    return 'OK';
  } catch (thrown) {
    return thrown instanceof PublicError ? thrown.reason : '?';
  }
}
