// Goal: whatever bytes come, a decoder reads them or names the field that is wrong: never anything
// else, as that would be INTERNAL.
// Method: valid payloads with seeded mutations, and seeded noise.
import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { below, mutated, oneOf, type Random, randomBytes, seeded } from '@ramet/test/random';
import { keyOf, secp256k1Key } from '../../support/schemes.js';
import type { Payload, SchemeKey } from '../scheme.js';
import { signable } from '../signable.js';
import { decodeRlp, encodeRlp, type Rlp } from './rlp.js';
import { readSolanaMessage } from './solana-message.js';

const ROUNDS = 1_000;
const ETHEREUM = secp256k1Key('11'.repeat(32));
const ED25519 = keyOf('ed25519', Buffer.alloc(32, 7));
const VENUES = ['binance', 'bybit', 'okx', 'kucoin', 'kraken', 'coinbase', 'bitfinex', 'poloniex'];

const TYPED_DATA = Buffer.from(
  JSON.stringify({
    types: {
      A: [
        { name: 'b', type: 'B[2]' },
        { name: 'n', type: 'int8' },
      ],
      B: [
        { name: 's', type: 'string' },
        { name: 'w', type: 'address' },
      ],
    },
    primaryType: 'A',
    domain: { name: 'x', chainId: '0x1', salt: `0x${'00'.repeat(32)}` },
    message: { n: -1, b: [0, 1].map((at) => ({ s: `\u2028${at}`, w: `0x${'ab'.repeat(20)}` })) },
  }),
);

const SOLANA = Buffer.concat([
  Buffer.from([0x80, 1, 0, 1, 2]),
  ED25519.publicKey.subarray(-32),
  Buffer.alloc(64),
  Buffer.from([1, 1, 2, 0, 2, 3, 1, 2, 3, 1]),
  Buffer.alloc(32, 9),
  Buffer.from([1, 4, 0]),
]);

describe('decoders', () => {
  it('read the payloads that are mutated here', () => {
    assert.ok(signable({ kind: 'evm_typed_data', json: TYPED_DATA.toString() }, ETHEREUM));
    assert.ok(signable({ kind: 'solana_message', message: SOLANA }, ED25519));
  });

  it('of typed data name the field that is wrong', () => {
    const random = seeded(712);
    fuzz(ETHEREUM, () => ({ kind: 'evm_typed_data', json: noise(random, TYPED_DATA).toString() }));
  });

  it('of Solana messages name the field that is wrong', () => {
    const random = seeded(1232);
    fuzz(ED25519, () => ({ kind: 'solana_message', message: noise(random, SOLANA) }));
  });

  it('of requests to venues name the field that is wrong', () => {
    const random = seeded(8);
    const text = (from: string) => noise(random, Buffer.from(from)).toString('latin1');
    for (const venue of VENUES) {
      fuzz({ ...ETHEREUM, venue }, () => ({
        kind: 'venue',
        request: {
          method: oneOf(random, ['GET', 'POST']),
          host: text('api.venue.com:443'),
          path: text('/api/v3/order'),
          query: text('symbol=LTC%20BTC&side=BUY'),
          body: noise(random, Buffer.from('{"symbol":"LTC","n":[1,-2.5e3,true,null]}')),
        },
      }));
    }
  });

  it('of raw bytes tell what they resemble, or nothing', () => {
    const random = seeded(33);
    const transaction = encodeRlp(randomRlp(random, 3));
    fuzz(ETHEREUM, () => ({ kind: 'raw', bytes: noise(random, transaction) }));
  });

  it('of RLP read what was encoded, and nothing that is not', () => {
    const random = seeded(64);
    for (let round = 0; round < ROUNDS; round += 1) {
      const bytes = encodeRlp(randomRlp(random, 4));
      assert.deepEqual(encodeRlp(decodeRlp(bytes) ?? []), bytes);
      const other = noise(random, bytes);
      const read = decodeRlp(other);
      if (read) assert.deepEqual(encodeRlp(read), other);
    }
  });

  it('of Solana messages take no more than a whole message', () => {
    for (let size = 0; size < SOLANA.length; size += 1) {
      assert.equal(readSolanaMessage(SOLANA.subarray(0, size)), undefined);
    }
  });
});

function fuzz(key: SchemeKey, payload: () => Payload): void {
  for (let round = 0; round < ROUNDS; round += 1) {
    const given = payload();
    try {
      signable(given, key).draft({ at: new Date(0), nonce: 1n });
    } catch (thrown) {
      assert.ok(thrown instanceof PublicError, `${thrown}: ${JSON.stringify(given)}`);
      if (thrown.reason === 'OPERATION_NOT_GRANTED') continue;
      assert.equal(thrown.reason, 'REQUEST_INVALID');
      assert.ok(thrown.violations.every(({ field }) => field !== '' && field.length <= 200));
    }
  }
}

function noise(random: Random, bytes: Buffer): Buffer {
  const choice = random();
  if (choice < 0.1) return randomBytes(random, below(random, 200));
  return choice < 0.2 ? bytes : mutated(random, bytes);
}

function randomRlp(random: Random, depth: number): Rlp {
  if (depth === 0 || random() < 0.3) return randomBytes(random, below(random, 80));
  return Array.from({ length: below(random, 12) }, () => randomRlp(random, depth - 1));
}
