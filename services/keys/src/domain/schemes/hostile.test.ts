// Goal: what is signed for one request is good for no other one, where a venue signs no path (T6).
// Method: requests that a hostile workload made up, as a review has found them.

import assert from 'node:assert/strict';
import { fieldsOf, keyOf } from '../../support/schemes.js';
import type { VenueRequest } from '../scheme.js';
import { signable } from '../signable.js';

const SECRET = Buffer.alloc(32, 1);

interface Made extends Partial<Omit<VenueRequest, 'body'>> {
  readonly venue: string;
  readonly body?: string;
}

const READS = { method: 'GET', path: '/api/v3/account' } as const;
const ORDERS = { method: 'POST', path: '/api/v3/order' } as const;
const WITHDRAWAL = '{"coin":"USDT","address":"0xbad","amount":"100"}';

const CASES: readonly (readonly [string, Made, string])[] = [
  [
    'the body of a withdrawal as a query',
    { venue: 'bybit', method: 'GET', path: '/v5/order/realtime', query: WITHDRAWAL },
    'venue.query',
  ],
  [
    'the same, percent-encoded as one name',
    {
      ...{ venue: 'bybit', method: 'GET', path: '/v5/order/realtime' },
      query: encodeURIComponent(WITHDRAWAL),
    },
    'venue.query',
  ],
  [
    'a name that is cut in two',
    { venue: 'binance', ...ORDERS, query: 'amount=1&addr', body: 'ess=0xbad&symbol=BTCUSDT' },
    'venue.query',
  ],
  ...[
    'baseToken=USDT&faceToken=BTC&baseTokenAmount=100',
    'apiName=x&publicKey=y&permissionMode=TRADE',
    'type=MAIN_UMFUTURE&asset=USDT&amount=100',
    'quoteId=1',
  ].map((query) => [query, { venue: 'binance', ...READS, query }, 'venue.path'] as const),
  ...['{"readOnly":0,"ips":["*"]}', '{"username":"x","memberType":1}'].map(
    (body) =>
      [body, { venue: 'bybit', ...ORDERS, path: '/v5/order/create', body }, 'venue.path'] as const,
  ),
];

describe('T6: a request that means something else elsewhere', () => {
  for (const [what, made, field] of CASES) {
    it(`is refused: ${made.venue}, ${what}`, () => {
      const { venue, body = '', ...rest } = made;
      const empty = { method: 'GET', host: '', path: '/', query: '' } as const;
      const request = { ...empty, ...rest, body: Buffer.from(body) };
      const key = { ...keyOf('hmac_sha256', SECRET), venue, venueKeyId: 'k' };
      assert.deepEqual(
        fieldsOf(() => signable({ kind: 'venue', request }, key)),
        [field],
      );
    });
  }
});
