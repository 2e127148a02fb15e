// Goal: a transaction of any fields is signed or names the one that is wrong; and the largest payload
// that the contract lets in takes no more time than its size asks for, whatever it is made of.
// Method: seeded dice for the fields, as the contract's patterns let them through; for sizes what
// makes careless readers slow: depth, repetition, long numbers, long tails.
import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { below, oneOf, type Random, randomBytes, seeded } from '@ramet/test/random';
import { fieldsOf, keyOf, secp256k1Key, signed } from '../../support/schemes.js';
import type { Payload, SchemeKey } from '../scheme.js';
import { signable } from '../signable.js';
import { decodeRlp } from './rlp.js';

const ETHEREUM = secp256k1Key('11'.repeat(32));
const ED25519 = keyOf('ed25519', Buffer.alloc(32, 7));
const VENUES = ['binance', 'bybit', 'okx', 'kucoin', 'kraken', 'coinbase', 'bitfinex', 'poloniex'];
const MOST_BYTES = 65_536;
const MOST_QUERY = 8_192;
/** Ten times what the slowest takes here; in the square of the size it would be minutes. */
const LATE_MS = 2_000;

describe('a transaction of any fields', () => {
  it('is signed as what it says, or names the field that is wrong', async () => {
    const random = seeded(1_559);
    let good = 0;
    for (let round = 0; round < 600; round += 1) {
      const payload = randomTransaction(random);
      const draft = drafted(ETHEREUM, payload);
      if (!draft) continue;
      good += 1;
      if (round % 10 > 0) continue;
      const { evmTransaction } = await signed(ETHEREUM, draft);
      const raw = evmTransaction?.rawTransaction ?? Buffer.alloc(0);
      assert.ok(decodeRlp(raw[0] === 1 || raw[0] === 2 ? raw.subarray(1) : raw));
    }
    assert.ok(good > 100 && good < 550, `${good} of them were good`);
  });
});

describe('the largest payloads', () => {
  const times = (text: string, size: number) => text.repeat(Math.floor(size / text.length));

  const jsons: readonly (readonly [string, string])[] = [
    ['arrays in arrays', times('[', MOST_BYTES)],
    ['objects in objects', times('{"a":', MOST_BYTES)],
    ['blanks', times(' ', MOST_BYTES)],
    ['a number', times('9', MOST_BYTES)],
    ['a text of escapes', `"${times('\\"', MOST_BYTES - 2)}"`],
    ['a text without an end', `"${times('\\\\', MOST_BYTES - 1)}`],
    ['members', `{${numbered((nth) => `"k${nth}":1`)}}`],
    ['a chain in digits', typedData('"x"', `"chainId":"${times('9', 60_000)}"`)],
    ['a text', typedData(`"${times('a', 60_000)}"`)],
    ['a type of many dimensions', typedData('"x"', '', `string${times('[]', 60_000)}`)],
    ['an array of numbers', typedData(`[${times('1,', 60_000)}1]`, '', 'uint256[]')],
    ['types that refer to each other', typesInTypes()],
  ];
  for (const [name, json] of jsons) {
    it(`of typed data are judged in time: ${name}`, () => {
      assert.ok(json.length <= MOST_BYTES, `${json.length}`);
      inTime(ETHEREUM, { kind: 'evm_typed_data', json });
    });
  }

  // What one core does for others meanwhile is what counts: a fifth of a second was what these took.
  const many = (item: string, type: string) =>
    typedData(`[${times(`${item},`, 60_000)}${item}]`, '', `${type}[]`);
  for (const [name, json] of [
    ['structs without members', many('{}', 'E').replace('{"A":', '{"E":[],"A":')],
    ['empty arrays', many('[]', 'uint8[]')],
    ['empty texts', many('""', 'string')],
    ['empty bytes', many('"0x"', 'bytes')],
    ['numbers', many('1', 'uint8')],
    ['types that are all hashed', typesInAll()],
  ] as const) {
    it(`of typed data are refused, by where it was too much: ${name}`, () => {
      assert.ok(json.length <= MOST_BYTES, `${json.length}`);
      const payload: Payload = { kind: 'evm_typed_data', json };
      const [field = ''] = fieldsOf(() => signable(payload, ETHEREUM));
      assert.match(field, /^evm_typed_data\.message\./);
    });
  }

  it('of access lists are refused by their field', () => {
    const listOf = (addresses: number, slots: number): Payload => {
      const storageKeys = Array.from({ length: slots }, () => Buffer.alloc(32));
      const access = { address: `0x${'1'.repeat(40)}`, storageKeys };
      const rest = { chainId: 1n, nonce: 0n, gasLimit: 1n, value: '', data: Buffer.alloc(0) };
      const transaction = {
        ...{ ...rest, to: access.address, fee: { kind: 'gas_price', gasPrice: '1' } as const },
        accessList: Array.from({ length: addresses }, () => access),
      };
      return { kind: 'evm_transaction', transaction };
    };
    const refused = (payload: Payload) => fieldsOf(() => signable(payload, ETHEREUM));

    assert.deepEqual(refused(listOf(256, 256)), ['evm_transaction.access_list']);
    assert.deepEqual(refused(listOf(256, 3)), []);
    assert.deepEqual(refused(listOf(205, 4)), ['evm_transaction.access_list']);
  });

  it('of raw bytes and messages are judged in time', () => {
    const longs = [0x00, 0x31, 0x7b, 0x80, 0xc0, 0xff].map((byte) =>
      Buffer.alloc(MOST_BYTES, byte),
    );
    const heads = ['eyJ', '/0/private/', '1234567890123GET/', '{"a":', 'a=b&', '\x80\x01\x00\x01'];
    const tails = heads.map((head) => Buffer.from(times(head, MOST_BYTES), 'latin1'));
    const empties = Buffer.concat([Buffer.from('f9fffd', 'hex'), Buffer.alloc(65_533, 0xc0)]);
    for (const bytes of [...longs, ...tails, empties, nested()]) {
      for (const venue of ['', ...VENUES]) inTime({ ...ETHEREUM, venue }, { kind: 'raw', bytes });
      inTime(ED25519, { kind: 'raw', bytes });
      inTime(ED25519, { kind: 'solana_message', message: bytes.subarray(0, 1_232) });
      inTime(ETHEREUM, { kind: 'evm_message', message: bytes });
    }
  });

  for (const venue of VENUES) {
    it(`of requests to ${venue} are judged in time`, () => {
      const bodies = [
        `{"symbol":"${times('A,', 65_000)}"}`,
        `[${times('1,', 65_000)}1]`,
        `{${numbered((nth) => `"k${nth}":1`)}}`,
        numbered((nth) => `k${nth}=1`, '&'),
        times('a=b&', MOST_BYTES),
        `a=${times('%41', 65_000)}`,
        times('+', MOST_BYTES),
      ];
      const queries = bodies.map((text) => text.slice(0, MOST_QUERY));
      for (const body of bodies) inTime({ ...ETHEREUM, venue }, request({ body }));
      for (const query of queries) inTime({ ...ETHEREUM, venue }, request({ query }));
      for (const path of ['/a', '/', '/.', '/a/']) {
        inTime({ ...ETHEREUM, venue }, request({ path: times(path, 1_024) }));
      }
      inTime({ ...ETHEREUM, venue }, request({ host: times('a-', 254) }));
    });
  }
});

/** What a payload becomes; undefined if it is refused by a field. */
function drafted(key: SchemeKey, payload: Payload) {
  try {
    return signable(payload, key).draft({ at: new Date(0), nonce: 1n });
  } catch (thrown) {
    assert.ok(thrown instanceof PublicError, String(thrown));
    if (thrown.reason === 'OPERATION_NOT_GRANTED') return undefined;
    assert.equal(thrown.reason, 'REQUEST_INVALID');
    assert.ok(thrown.violations.length > 0);
    assert.ok(thrown.violations.every(({ field }) => field !== '' && field.length <= 200));
    return undefined;
  }
}

function inTime(key: SchemeKey, payload: Payload): void {
  const start = performance.now();
  drafted(key, payload);
  const ms = performance.now() - start;
  assert.ok(ms < LATE_MS, `it took ${ms} ms`);
}

function randomTransaction(random: Random): Payload {
  const wei = () =>
    oneOf(random, ['', '0', '1', '21000000000', `${2n ** 256n - 1n}`, `${2n ** 256n}`]);
  const address = () => {
    const hex = randomBytes(random, 20).toString('hex');
    return `0x${oneOf(random, [hex, hex, hex.toUpperCase(), hex.replace(/[a-f]/, 'F')])}`;
  };
  const number = () => oneOf(random, [0n, 1n, 127n, 128n, 2n ** 53n, 2n ** 64n - 1n]);
  const fee = oneOf(random, [
    { kind: 'gas_price', gasPrice: wei() } as const,
    { kind: 'dynamic', maxFee: wei(), maxPriorityFee: wei() } as const,
  ]);
  const accessList = Array.from({ length: below(random, 3) }, () => ({
    address: address(),
    storageKeys: Array.from({ length: below(random, 3) }, () => randomBytes(random, 32)),
  }));
  const data = randomBytes(random, oneOf(random, [0, 1, 3, 4, 5, 55, 56, 300]));
  const to = random() < 0.2 ? '' : address();
  const rest = { chainId: number(), nonce: number(), gasLimit: number() };
  const transaction = { ...rest, to, value: wei(), data, fee, accessList };
  return { kind: 'evm_transaction', transaction };
}

function request({
  body = '',
  ...parts
}: {
  body?: string;
  query?: string;
  path?: string;
  host?: string;
}): Payload {
  const rest = { method: 'POST', host: 'api.venue.com', path: '/a/b', query: '', ...parts };
  return { kind: 'venue', request: { ...rest, body: Buffer.from(body) } };
}

function numbered(write: (nth: number) => string, separator = ','): string {
  return Array.from({ length: 5_000 }, (_, nth) => write(nth)).join(separator);
}

function typedData(value: string, domain = '', type = 'string'): string {
  const types = `{"A":[{"name":"x","type":"${type}"}]}`;
  return `{"types":${types},"primaryType":"A","domain":{${domain}},"message":{"x":${value}}}`;
}

/** As many types of as many fields as fit, each of which is written with all of the others. */
function typesInTypes(): string {
  const names = Array.from({ length: 64 }, (_, nth) => `T${nth}`);
  const fields = (from: number) =>
    names.slice(0, 24).map((_, nth) => ({ name: `f${nth}`, type: `T${(from + nth + 1) % 64}[]` }));
  const types = Object.fromEntries(names.map((name, nth) => [name, fields(nth)]));
  const empty = Object.fromEntries(fields(0).map(({ name }) => [name, []]));
  const message = { ...empty, f0: [empty, empty, empty] };
  return JSON.stringify({ types, primaryType: 'T0', domain: {}, message });
}

/** Types that are each written with all of the others, and are all asked for. */
function typesInAll(): string {
  const names = Array.from({ length: 60 }, (_, nth) => `T${nth}`);
  const long = Array.from({ length: 5 }, (_, nth) => `${'x'.repeat(60)}${nth}`);
  const types = Object.fromEntries(
    names.map((name, nth) => [
      name,
      [`T${(nth + 1) % 60}[]`, ...long.map(() => 'T0[]')].map((type, at) => ({
        name: at === 0 ? 'n' : long[at - 1],
        type,
      })),
    ]),
  );
  const empty = Object.fromEntries(['n', ...long].map((name) => [name, []]));
  const root = names.map((type, nth) => ({ name: `f${nth}`, type }));
  const message = Object.fromEntries(root.map(({ name }) => [name, empty]));
  const all = { ...types, R: root };
  return JSON.stringify({ types: all, primaryType: 'R', domain: {}, message });
}

/** Lists in lists in RLP. */
function nested(): Buffer {
  const heads: Buffer[] = [];
  let size = 0;
  while (size < 60_000) {
    const head = size < 56 ? [0xc0 + size] : [0xf9, size >> 8, size & 0xff];
    heads.unshift(Buffer.from(head));
    size += head.length;
  }
  return Buffer.concat(heads);
}
