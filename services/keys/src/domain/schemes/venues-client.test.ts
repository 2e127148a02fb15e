// Goal: requests are signed as a client signs them that many trade with.
// Method: what ccxt 4.5.84 has signed of the same request, with the same secret and at the same time
// (run on 2026-11-29). Its signatures are no publisher's, and not ours.
import assert from 'node:assert/strict';
import { joinCredential, keepPassphrase, splitCredential } from '../../signing/credential.js';
import { keyOf, signed } from '../../support/schemes.js';
import type { Algorithm } from '../algorithm.js';
import { signableVenue } from './venue.js';

const AT = 1_700_000_000_123;
const SECRET = Buffer.from('a secret of thirty-two bytes ...');
const PASSPHRASE = Buffer.from('open sesame');

interface Case {
  readonly venue: string;
  readonly algorithm?: Algorithm;
  readonly secret?: Buffer;
  readonly nonce?: bigint;
  /** Method, path with query, and body. */
  readonly request: readonly [string, string, string?];
  readonly header: string;
  readonly signature: string;
}

const KUCOIN = { venue: 'kucoin', header: 'KC-API-SIGN' };
const OKX = { venue: 'okx', header: 'OK-ACCESS-SIGN' };
const BYBIT = { venue: 'bybit', header: 'X-BAPI-SIGN' };
const POLONIEX = { venue: 'poloniex', header: 'signature' };

const CASES: readonly Case[] = [
  {
    ...OKX,
    request: ['GET', '/api/v5/account/balance?ccy=BTC'],
    signature: 'iRty5TRxMlkEZPADbmdh6TH/xBY3hsYuwndG90U4344=',
  },
  {
    ...OKX,
    request: ['POST', '/api/v5/trade/order', '{"instId":"BTC-USDT","sz":"1"}'],
    signature: 'QsSakLAHQvqJxcC6UftAMT1pma0N2grA/4jMVtrw4Sg=',
  },
  {
    ...BYBIT,
    request: ['GET', '/v5/order/realtime?category=spot'],
    signature: 'cb4422d3a6653ee821093a77274feae0b018d4fff96a376db881f50f8da555d1',
  },
  {
    ...BYBIT,
    request: ['POST', '/v5/order/create', '{"category":"spot","symbol":"BTCUSDT"}'],
    signature: '464276866a90e58370ea6813e61f25b7812ae96e9234a2fc3d18f65092f0ff3c',
  },
  {
    ...KUCOIN,
    request: ['GET', '/api/v1/orders?status=active'],
    signature: 'zzZgonvCQZLmtDB0ns2QkBGm6Iu3yzCtQmkKk7Ta4d8=',
  },
  {
    ...KUCOIN,
    request: ['POST', '/api/v1/orders', '{"symbol":"BTC-USDT"}'],
    signature: 'HD/0o95KoH32L9A1u3WUD6lKU3x6YFSzhOcO6BK4wNU=',
  },
  {
    ...KUCOIN,
    header: 'KC-API-PASSPHRASE',
    request: ['GET', '/api/v1/orders'],
    signature: 'Md5gsJb3qDPCvbHvRJ0qK682UOz+n6WWLAnhSs9GKaw=',
  },
  {
    ...{ venue: 'kraken', algorithm: 'hmac_sha512', secret: Buffer.alloc(64, 7) },
    header: 'API-Sign',
    request: ['POST', '/0/private/AddOrder', 'pair=XBTUSD&volume=1'],
    signature:
      'AelnsGyUByZAnwVL2O/djBkldeEK0h5CSY8YPoL/zdi8UMkstSWiGTPPibKRxntG55Y81w2g4PXEqatND1zw2A==',
  },
  {
    ...{ venue: 'bitfinex', algorithm: 'hmac_sha384', nonce: BigInt(AT) },
    header: 'bfx-signature',
    request: ['POST', '/v2/auth/w/order/submit', '{"symbol":"tBTCUSD","amount":"1"}'],
    signature:
      'd329864243112798970bab0184979ad69f22896b8e3bad75ea4925089dd807de' +
      '3d394819da0e3d4171492bc5739bd3e3',
  },
  {
    ...POLONIEX,
    request: ['GET', '/orders?symbol=ETH_USDT&limit=5'],
    signature: 'o2hEbmMQz4YtpBxjEUXoa52DWLK8T7PQk702d157tOk=',
  },
  {
    ...POLONIEX,
    request: ['POST', '/orders', '{"symbol":"ETH_USDT"}'],
    signature: 'SUIo4AsqTHyLjQnO7JdXy+L5waC/kfFbWeurlv9+tAg=',
  },
  {
    ...POLONIEX,
    request: ['DELETE', '/orders/12'],
    signature: '7dT4EX47vxqZaLnL2YAkO68Efu7nS6c/Wefnup5GQdA=',
  },
];

describe('requests that ccxt signs', () => {
  for (const { venue, request, header, signature, ...rest } of CASES) {
    const [method, target, body = ''] = request;
    it(`are signed the same: ${method} ${target} of ${venue}, in ${header}`, async () => {
      const joined = joinCredential(venue, rest.secret ?? SECRET, PASSPHRASE);
      const { secret, passphrase } = splitCredential(venue, joined);
      const more = { venue, venueKeyId: 'K', passphrase: keepPassphrase(passphrase) };
      const key = keyOf(rest.algorithm ?? 'hmac_sha256', secret, more);
      const [path = '', query = ''] = target.split('?');
      const asked = { method, host: 'api.example', path, query, body: Buffer.from(body) };

      const { draft } = signableVenue(asked, key);
      const made = await signed(key, draft({ at: new Date(AT), nonce: rest.nonce ?? BigInt(AT) }));

      const found = made.venue?.headers.find(({ name }) => name === header);
      assert.equal(found?.value, signature);
    });
  }
});
