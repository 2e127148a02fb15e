// Published vectors, read 2026-11-29:
// - Kraken: "Setting the API-Sign Parameter", https://docs.kraken.com/api/docs/guides/spot-rest-auth
// - KuCoin: "Signing", "Example for Create Deposit Address", of the documents of its API up to 2024
// Published strings to sign, without a secret to sign them with:
// - Bybit: "Authentication", https://bybit-exchange.github.io/docs/v5/guide
// - Poloniex: "Authentication", https://api-docs.poloniex.com/spot/api
// What is said of OKX, Bitfinex and Coinbase follows their documents, which have no worked example:
// https://www.okx.com/docs-v5/en, https://docs.bitfinex.com/docs/rest-auth and
// https://docs.cdp.coinbase.com/coinbase-app/authentication-authorization/api-key-authentication.
// Those vectors we derived ourselves: the string is written out, and node's own HMAC signs it.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { jwtVerify } from 'jose';
import { fieldsOf, keyOf, signed as sign, type TestKey } from '../../support/schemes.js';
import type { Header, SchemeKey, VenueRequest } from '../scheme.js';
import { signableVenue } from './venue.js';
import { requireVenueCredential, type VenueCredential } from './venues.js';

const SECRET = 'a secret of thirty-two bytes ...';
const AT = new Date(1_659_259_836_247);
const NONCE = 1_659_259_836_247_000n;

describe('signed requests', () => {
  it('of Kraken are those of its documents', async () => {
    const secret = Buffer.from(
      'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==',
      'base64',
    );
    const key = keyOf('hmac_sha512', secret, { venue: 'kraken', venueKeyId: 'K' });
    const order = 'ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25';

    const { body, headers } = await signed(
      key,
      { path: '/0/private/AddOrder', body: Buffer.from(order) },
      { nonce: 1_616_492_376_594n },
    );

    assert.equal(body.toString(), `nonce=1616492376594&${order}`);
    assert.deepEqual(valuesOf(headers), {
      'API-Key': 'K',
      'API-Sign':
        '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==',
    });
  });

  it('of KuCoin are those of its documents', async () => {
    const key = keyOf('hmac_sha256', Buffer.from('f03a5284-5c39-4aaa-9b20-dea10bdcf8e3'), {
      ...{ venue: 'kucoin', venueKeyId: '5c2db93503aa674c74a31734', passphrase: () => 'its HMAC' },
    });

    const { headers } = await signed(
      key,
      { path: '/api/v1/deposit-addresses', body: Buffer.from('{"currency":"BTC"}') },
      { at: new Date(1_547_015_186_532) },
    );

    assert.deepEqual(valuesOf(headers), {
      'KC-API-KEY': '5c2db93503aa674c74a31734',
      'KC-API-SIGN': '7QP/oM0ykidMdrfNEUmng8eZjg/ZvPafjIqmxiVfYu4=',
      'KC-API-TIMESTAMP': '1547015186532',
      'KC-API-PASSPHRASE': 'its HMAC',
      'KC-API-KEY-VERSION': '2',
    });
  });

  it('of Bybit sign the string of its documents', async () => {
    const key = hmacKey('bybit', 'XXXXXXXXXX');
    const at = new Date(1_658_384_314_791);
    const query = 'category=option&symbol=BTC-29JUL22-25000-C';

    const { headers } = await signed(
      key,
      { method: 'GET', path: '/v5/order/realtime', query },
      { at },
    );

    const text = '1658384314791XXXXXXXXXX5000category=option&symbol=BTC-29JUL22-25000-C';
    assert.deepEqual(valuesOf(headers), {
      'X-BAPI-API-KEY': 'XXXXXXXXXX',
      'X-BAPI-TIMESTAMP': '1658384314791',
      'X-BAPI-RECV-WINDOW': '5000',
      'X-BAPI-SIGN': hmac('sha256', text, 'hex'),
    });
  });

  it('of Bybit sign the string of its documents for a POST', async () => {
    const key = hmacKey('bybit', 'XXXXXXXXXX');
    const body = Buffer.from('{"category": "option"}');
    const at = new Date(1_658_385_579_423);

    const { headers } = await signed(key, { path: '/v5/order/create', body }, { at });

    const text = '1658385579423XXXXXXXXXX5000{"category": "option"}';
    assert.equal(valuesOf(headers)['X-BAPI-SIGN'], hmac('sha256', text, 'hex'));
  });

  const lines: readonly (readonly [Partial<VenueRequest>, string])[] = [
    [
      { method: 'GET', path: '/orders', query: 'symbol=ETH_USDT&limit=5' },
      'GET\n/orders\nlimit=5&signTimestamp=1659259836247&symbol=ETH_USDT',
    ],
    [
      { path: '/orders', body: Buffer.from('{"symbol":"ETH_USDT"}') },
      'POST\n/orders\nrequestBody={"symbol":"ETH_USDT"}&signTimestamp=1659259836247',
    ],
    [{ method: 'GET', path: '/accounts' }, 'GET\n/accounts\nsignTimestamp=1659259836247'],
  ];
  for (const [request, text] of lines) {
    it(`of Poloniex sign the lines of its documents: ${text.replaceAll('\n', ' ')}`, async () => {
      const { headers } = await signed(hmacKey('poloniex', 'K'), request);

      assert.deepEqual(valuesOf(headers), {
        ...{ key: 'K', signTimestamp: '1659259836247' },
        signature: hmac('sha256', text, 'base64'),
      });
    });
  }

  it('of OKX sign time, method, path with query, and body', async () => {
    const key = { ...hmacKey('okx', 'K'), passphrase: () => 'open sesame' };
    const request = { method: 'GET', path: '/api/v5/account/balance', query: 'ccy=BTC' };

    const { headers } = await signed(key, request, { at: new Date('2020-12-08T09:08:57.715Z') });

    const text = '2020-12-08T09:08:57.715ZGET/api/v5/account/balance?ccy=BTC';
    assert.deepEqual(valuesOf(headers), {
      'OK-ACCESS-KEY': 'K',
      'OK-ACCESS-SIGN': hmac('sha256', text, 'base64'),
      'OK-ACCESS-TIMESTAMP': '2020-12-08T09:08:57.715Z',
      'OK-ACCESS-PASSPHRASE': 'open sesame',
    });
  });

  it('of Bitfinex sign path, nonce and body', async () => {
    const key = keyOf('hmac_sha384', Buffer.from(SECRET), { venue: 'bitfinex', venueKeyId: 'K' });
    const body = Buffer.from('{"symbol":"tBTCUSD"}');

    const { headers } = await signed(key, { path: '/v2/auth/w/order/submit', body });

    const text = `/api/v2/auth/w/order/submit${NONCE}{"symbol":"tBTCUSD"}`;
    assert.deepEqual(valuesOf(headers), {
      ...{ 'bfx-apikey': 'K', 'bfx-nonce': `${NONCE}` },
      'bfx-signature': hmac('sha384', text, 'hex'),
    });
  });

  for (const [algorithm, alg] of [
    ['ecdsa_p256', 'ES256'],
    ['ed25519', 'EdDSA'],
  ] as const) {
    it(`of Coinbase carry a JWT that another library verifies: ${alg}`, async () => {
      const key = keyOf(algorithm, Buffer.alloc(32, 9), {
        ...{ venue: 'coinbase', venueKeyId: 'organizations/o/apiKeys/k' },
      });
      const path = '/api/v3/brokerage/accounts';

      const { headers } = await signed(key, { method: 'GET', host: 'api.coinbase.com', path });

      const [, token = ''] = (valuesOf(headers).Authorization ?? '').split('Bearer ');
      assert.ok(key.opened.publicKey);
      const options = { currentDate: AT, algorithms: [alg], issuer: 'cdp' };
      const read = await jwtVerify(token, key.opened.publicKey, options);
      assert.deepEqual(read.protectedHeader, {
        ...{ alg, typ: 'JWT', kid: 'organizations/o/apiKeys/k' },
        nonce: NONCE.toString(16).padStart(32, '0'),
      });
      assert.deepEqual(read.payload, {
        ...{ iss: 'cdp', sub: 'organizations/o/apiKeys/k', uri: `GET api.coinbase.com${path}` },
        ...{ nbf: 1_659_259_836, exp: 1_659_259_956 },
      });
    });
  }
});

describe('T35: the time of a request', () => {
  it('is never what the caller says', () => {
    const key = hmacKey('binance', 'K');
    for (const query of ['timestamp=1', 'TimeStamp=1', '%74imestamp=1', 'a=1&signature=00']) {
      assert.deepEqual(refused(key, { query }), ['venue.query'], query);
    }
    assert.deepEqual(refused(key, { body: Buffer.from('timestamp=1') }), ['venue.body']);
    const kraken = keyOf('hmac_sha512', Buffer.alloc(64, 1), { venue: 'kraken' });
    assert.deepEqual(refused(kraken, { body: Buffer.from('nonce=1') }), ['venue.body']);
    const poloniex = hmacKey('poloniex', 'K');
    assert.deepEqual(refused(poloniex, { query: 'signTimestamp=1' }), ['venue.query']);
  });
});

describe('what a signature does not cover', () => {
  it('is not in the request', () => {
    const body = Buffer.from('{}');
    assert.deepEqual(refused(hmacKey('bybit', 'K'), { query: 'a=1' }), ['venue.query']);
    assert.deepEqual(refused(hmacKey('bybit', 'K'), { method: 'GET', body }), ['venue.body']);
    assert.deepEqual(refused(hmacKey('poloniex', 'K'), { query: 'a=1', body }), ['venue.query']);
  });

  it('is no way to have a withdrawal signed as something else', () => {
    const query = 'coin=BTC&address=1A1zP1&amount=1';

    // The history of withdrawals is for everybody to read, and its signature would be good for one.
    for (const path of ['/api/v3/order', '/sapi/v1/capital/withdraw/history', '/withdraw']) {
      assert.deepEqual(refused(hmacKey('binance', 'K'), { path, query }), ['venue.path'], path);
    }
    const path = '/sapi/v1/capital/withdraw/apply';
    assert.deepEqual(refused(hmacKey('binance', 'K'), { path, query }), []);
    const body = Buffer.from('{"coin":"BTC","address":"1A1zP1"}');
    assert.deepEqual(refused(hmacKey('bybit', 'K'), { body }), ['venue.path']);
  });

  it('is no way to have a transfer or a key signed as something else', () => {
    for (const query of ['toEmail=a%40b.c&asset=BTC&amount=1', 'TOACCOUNTTYPE=SPOT', 'token=BTC']) {
      assert.deepEqual(refused(hmacKey('binance', 'K'), { query }), ['venue.path'], query);
    }
    for (const text of ['{"toMemberId":1}', '{"a":[{"permissions":{}}]}', '{"\\u0074oUid":"1"}']) {
      const body = Buffer.from(text);
      assert.deepEqual(refused(hmacKey('bybit', 'K'), { body }), ['venue.path'], text);
      assert.deepEqual(refused(hmacKey('bybit', 'K'), { body, path: '/v5/asset/transfer/x' }), []);
    }
  });
});

describe('what a request is about', () => {
  const requests: readonly (readonly [string, Partial<VenueRequest>, string | undefined])[] = [
    ['binance', { query: '%73ymbol=LTCBTC' }, 'LTCBTC'],
    ['binance', { query: 'symbols=%5B%22A%22,%22B%22%5D' }, 'A,B'],
    ['binance', { query: 'a=1' }, undefined],
    [
      'binance',
      { query: `batchOrders=${encodeURIComponent('[{"symbol":"A"},{"symbol":"B"}]')}` },
      'A,B',
    ],
    ['binance', { body: Buffer.from('symbol=A&orders=%5B%7B%22symbol%22:%22B%22%7D%5D') }, 'A,B'],
    ['binance', { query: 'underlyings=A,B' }, 'A,B'],
    ['kraken', { body: Buffer.from('pair=A&orders%5B0%5D%5Bpair%5D=B') }, 'A,B'],
    [
      'okx',
      { body: Buffer.from('[{"instId":"BTC-USDT"},{"instId":"ETH-USDT"}]') },
      'BTC-USDT,ETH-USDT',
    ],
    ['coinbase', { body: Buffer.from('{"product_ids":["A","A","B"]}') }, 'A,B'],
    ['kucoin', { body: Buffer.from('{"\\u0073ymbol":"A"}') }, 'A'],
  ];
  for (const [venue, request, symbol] of requests) {
    it(`is ${symbol} for ${request.query ?? request.body} of ${venue}`, () => {
      const { facts } = signableVenue(whole(request), { ...hmacKey('binance', 'K'), venue });
      assert.equal(facts.venue?.symbol, symbol);
    });
  }
});

describe('parameters whose text is JSON', () => {
  it('are read strictly, or refused with where they are', () => {
    for (const text of ['', '[', '[{"symbol":"A","symbol":"B"}]', '[{symbol:"A"}]']) {
      const parameter = `batchOrders=${encodeURIComponent(text)}`;
      assert.deepEqual(refused(hmacKey('binance', 'K'), { query: parameter }), ['venue.query']);
      const body = Buffer.from(parameter);
      assert.deepEqual(refused(hmacKey('binance', 'K'), { body }), ['venue.body']);
    }
  });
});

describe('what can be told of a request wherever it is sent', () => {
  const order = 'symbol=A&side=BUY&type=LIMIT&quantity=1&price=1&timeInForce=GTC&recvWindow=5000';
  const batch = (members: string) => `batchOrders=${encodeURIComponent(`[{${members}}]`)}`;
  const json = (text: string) => ({ body: Buffer.from(text) });
  const requests: readonly (readonly [string, Partial<VenueRequest>, object])[] = [
    ['binance', { query: order }, { acts: true }],
    ['binance', { query: 'symbol=A&limit=5' }, { acts: false }],
    ['binance', {}, { acts: false }],
    ['binance', { method: 'GET', query: 'recvWindow=5000' }, { acts: false }],
    ['binance', { method: 'GET', query: 'omitZeroBalances=true' }, { acts: false }],
    ...['fromExecutionId=1', 'marginAsset=BTC', 'needBtcValuation=true', 'downloadId=1'].map(
      (query) => ['binance', { query }, { acts: false }] as const,
    ),
    ['binance', { query: 'underlyings=A,B' }, { acts: true }],
    ['binance', { method: 'GET', query: 'algoId=1' }, { acts: true }],
    ['binance', { method: 'GET', query: 'clientAlgoId=a' }, { acts: true }],
    ['binance', { method: 'GET', query: 'dualSidePosition=true' }, { acts: true }],
    ['binance', { query: batch('"symbol":"A","pendingAbovePegPriceType":"X"') }, { acts: true }],
    [
      'binance',
      { query: batch('"symbol":"A","vAddress":"X"') },
      { acts: true, unknown: 'vAddress' },
    ],
    ['binance', { query: 'SYMBOL=A' }, { acts: true, unknown: 'SYMBOL' }],
    ['binance', { query: 'newAlias=A' }, { acts: true, unknown: 'newAlias' }],
    ['bybit', json('{"category":"linear","request":[{"symbol":"A","qty":"1"}]}'), { acts: true }],
    ['bybit', json('{"category":"linear","newAlias":1}'), { acts: true, unknown: 'newAlias' }],
    ['bybit', json('{}'), { acts: true, unknown: '' }],
    ['bybit', json('[]'), { acts: true, unknown: '' }],
    ['bybit', {}, { acts: true, unknown: '' }],
    ['bybit', { method: 'GET' }, { acts: false, unknown: '' }],
    ['bybit', { method: 'GET', query: 'whatever=1' }, { acts: false }],
    ['okx', json('{"newAlias":1}'), {}],
  ];
  for (const [venue, request, expected] of requests) {
    it(`is ${JSON.stringify(expected)} for ${request.query ?? request.body ?? 'nothing'} of ${venue}`, () => {
      const { facts } = signableVenue(whole(request), { ...hmacKey('binance', 'K'), venue });
      const { acts, unknown } = facts.venue ?? {};
      assert.deepEqual(
        { ...(acts !== undefined && { acts }), ...(unknown !== undefined && { unknown }) },
        expected,
      );
    });
  }
});

describe('a key for a venue', () => {
  const credential: VenueCredential = {
    ...{ venue: 'okx', algorithm: 'hmac_sha256', venueKeyId: 'K', hasPassphrase: true },
  };

  it('is made of what the venue takes', () => {
    const check = (parts: Partial<VenueCredential>) =>
      fieldsOf(() => requireVenueCredential({ ...credential, ...parts }));

    assert.deepEqual(check({}), []);
    assert.deepEqual(check({ algorithm: 'ed25519' }), ['algorithm']);
    assert.deepEqual(check({ venueKeyId: '', hasPassphrase: false }), [
      'venue_key_id',
      'passphrase',
    ]);
    assert.deepEqual(check({ venue: '' }), ['passphrase']);
    assert.deepEqual(check({ venue: 'binance', hasPassphrase: false, venueKeyId: '' }), []);
  });
});

function hmacKey(venue: string, venueKeyId: string): TestKey {
  return keyOf('hmac_sha256', Buffer.from(SECRET), { venue, venueKeyId });
}

function hmac(hash: string, text: string, encoding: 'hex' | 'base64'): string {
  return createHmac(hash, SECRET).update(text).digest(encoding);
}

function whole(parts: Partial<VenueRequest>): VenueRequest {
  const rest = { host: '', path: '/orders', query: '', body: Buffer.alloc(0) };
  return { method: 'POST', ...rest, ...parts };
}

async function signed(key: TestKey, parts: Partial<VenueRequest>, moment = {}) {
  const { draft } = signableVenue(whole(parts), key);
  const { venue } = await sign(key, draft({ at: AT, nonce: NONCE, ...moment }));
  assert.ok(venue);
  return venue;
}

function refused(key: SchemeKey, parts: Partial<VenueRequest>): readonly string[] {
  return fieldsOf(() => signableVenue(whole(parts), key));
}

function valuesOf(headers: readonly Header[]): Readonly<Record<string, string>> {
  return Object.fromEntries(headers.map(({ name, value }) => [name, value]));
}
