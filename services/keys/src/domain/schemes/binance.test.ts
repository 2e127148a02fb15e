// The vectors are the worked examples of Binance's own documents: "SIGNED endpoint examples for POST
// /api/v3/order" in rest-api.md of github.com/binance/binance-spot-api-docs. The secret and the API
// key stand there in the clear. The example with a body and a query puts no `&` between the two.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { PublicError } from '@ramet/errors';
import { BINANCE } from './binance.js';
import type { SchemeKey, VenueRequest } from './scheme.js';

const SECRET = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j';
const API_KEY = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A';
const AT = new Date(1_499_827_319_559);
const ORDER = 'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC';
const REST = 'quantity=1&price=0.1&recvWindow=5000';
const WHOLE = 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71';
const MIXED = '0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77';

describe('signed requests of Binance', () => {
  it('are those of the documents, for a query', () => {
    const { query, headers, body } = signed({ query: `${ORDER}&${REST}` });

    assert.equal(query, `${ORDER}&${REST}&timestamp=1499827319559&signature=${WHOLE}`);
    assert.deepEqual(headers, [{ name: 'X-MBX-APIKEY', value: API_KEY }]);
    assert.equal(body.length, 0);
  });

  it('are those of the documents, for a body', () => {
    const { query, body } = signed({ body: Buffer.from(`${ORDER}&${REST}`) });

    assert.equal(query, '');
    const expected = `${ORDER}&${REST}&timestamp=1499827319559&signature=${WHOLE}`;
    assert.equal(body.toString(), expected);
  });

  it('are those of the documents, for a query and a body', () => {
    const { query, body } = signed({ query: ORDER, body: Buffer.from(REST) });

    assert.equal(query, ORDER);
    assert.equal(body.toString(), `${REST}&timestamp=1499827319559&signature=${MIXED}`);
  });

  it('have only time and signature where there was nothing', () => {
    assert.match(signed({}).query, /^timestamp=1499827319559&signature=[0-9a-f]{64}$/);
  });

  it('carry an Ed25519 signature in base64 that fits a query', () => {
    const draft = BINANCE.draft(request({}), AT, { ...KEY, algorithm: 'ed25519' });
    const venue = draft.finish(Buffer.from('fbff', 'hex'));
    assert.equal(venue?.query, 'timestamp=1499827319559&signature=%2B%2F8%3D');
  });

  it('have no header for a key that the venue has no name for', () => {
    const draft = BINANCE.draft(request({}), AT, { ...KEY, venueKeyId: '' });
    assert.deepEqual(draft.finish(Buffer.alloc(32))?.headers, []);
  });

  const refused: readonly (readonly [Partial<VenueRequest>, readonly string[]])[] = [
    [{ query: 'a=1&timestamp=2' }, ['venue.query']],
    [{ query: 'signature=00' }, ['venue.query']],
    [{ query: '%74imestamp=1' }, ['venue.query']],
    [{ query: 'TimeStamp=1' }, ['venue.query']],
    [{ query: '%zz=1' }, ['venue.query']],
    [{ body: Buffer.from('timestamp=1') }, ['venue.body']],
    [{ body: Buffer.from([0xff, 0x00]) }, ['venue.body']],
    [{ query: 'timestamp=1', body: Buffer.from('signature=1') }, ['venue.query', 'venue.body']],
  ];
  for (const [parts, fields] of refused) {
    it(`are refused for ${parts.query ?? ''} ${parts.body?.toString('hex') ?? ''}`, () => {
      assert.deepEqual(
        fieldsOf(() => BINANCE.check(request(parts))),
        fields,
      );
    });
  }

  it('keep a window of the caller', () => {
    BINANCE.check(request({ query: 'recvWindow=5000&symbol=%E4%BD%A0' }));
  });
});

const KEY: SchemeKey = {
  ...{ id: 'key_1', algorithm: 'hmac_sha256', venue: 'binance', venueKeyId: API_KEY },
};

function request(parts: Partial<VenueRequest>): VenueRequest {
  const rest = { query: '', body: Buffer.alloc(0), ...parts };
  return { method: 'POST', host: 'api.binance.com', path: '/api/v3/order', ...rest };
}

function signed(parts: Partial<VenueRequest>) {
  const { bytes, finish } = BINANCE.draft(request(parts), AT, KEY);
  const venue = finish(createHmac('sha256', SECRET).update(bytes).digest());
  assert.ok(venue);
  return venue;
}

function fieldsOf(act: () => void): readonly string[] {
  try {
    act();
    return [];
  } catch (thrown) {
    return thrown instanceof PublicError ? thrown.violations.map(({ field }) => field) : ['?'];
  }
}
