// The vectors are the worked examples of Binance's own documents, read 2026-11-29 at commit a5e0bc3
// of github.com/binance/binance-spot-api-docs: "SIGNED Endpoint Examples for POST /api/v3/order" in
// rest-api.md. The secret and the API key stand there in the clear; those of RSA and of Ed25519 keep
// their private keys to themselves, so the form of theirs is tested with a key of ours. The example
// with a body and a query is of an older edition, and puts no `&` between the two.
import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { keyOf, signed as sign, type TestKey } from '../../support/schemes.js';
import type { Algorithm } from '../algorithm.js';
import type { VenueRequest } from '../scheme.js';
import { BINANCE } from './binance.js';

const SECRET = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j';
const API_KEY = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A';
const AT = new Date(1_499_827_319_559);
const ORDER = 'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC';
const WIDE = 'symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT';
const REST = 'quantity=1&price=0.1&recvWindow=5000';
const WHOLE = 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71';
const OF_WIDE = 'e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3';
const MIXED = '0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77';

describe('signed requests of Binance', () => {
  it('are those of the documents, for a query', async () => {
    const { query, headers, body } = await signed({ query: `${ORDER}&${REST}` });

    assert.equal(query, `${ORDER}&${REST}&timestamp=1499827319559&signature=${WHOLE}`);
    assert.deepEqual(headers, [{ name: 'X-MBX-APIKEY', value: API_KEY }]);
    assert.equal(body.length, 0);
  });

  it('are those of the documents, for a symbol that is not ASCII', async () => {
    const { query } = await signed({ query: `${WIDE}&timeInForce=GTC&${REST}` });
    assert.ok(query.endsWith(`&timestamp=1499827319559&signature=${OF_WIDE}`));
  });

  it('are those of the documents, for a body', async () => {
    const { query, body } = await signed({ body: Buffer.from(`${ORDER}&${REST}`) });

    assert.equal(query, '');
    const expected = `${ORDER}&${REST}&timestamp=1499827319559&signature=${WHOLE}`;
    assert.equal(body.toString(), expected);
  });

  it('are those of the documents, for a query and a body', async () => {
    const { query, body } = await signed({ query: ORDER, body: Buffer.from(REST) });

    assert.equal(query, ORDER);
    assert.equal(body.toString(), `${REST}&timestamp=1499827319559&signature=${MIXED}`);
  });

  it('have only time and signature where there was nothing', async () => {
    assert.match((await signed({})).query, /^timestamp=1499827319559&signature=[0-9a-f]{64}$/);
  });

  it('carry an Ed25519 signature in base64 that fits a query', async () => {
    const key = keyOf('ed25519', Buffer.alloc(32, 3), { venue: 'binance', venueKeyId: API_KEY });

    const { query } = await signed({ query: ORDER }, key);

    const [text = '', signature = ''] = query.split('&signature=');
    assert.doesNotMatch(signature, /[+/=]/);
    const bytes = Buffer.from(decodeURIComponent(signature), 'base64');
    assert.ok(key.opened.publicKey);
    assert.ok(verify(null, Buffer.from(text), key.opened.publicKey, bytes));
  });

  it('carry an RSA signature likewise', () => {
    const key = { ...hmacKey(), algorithm: 'rsa_pkcs1_sha256' satisfies Algorithm } as const;
    const draft = BINANCE.draft(request({}), key, { at: AT, nonce: 0n });
    const { venue } = draft.finish(Buffer.from('fbff', 'hex'));
    assert.equal(venue?.query, 'timestamp=1499827319559&signature=%2B%2F8%3D');
  });

  it('have no header for a key that the venue has no name for', async () => {
    assert.deepEqual((await signed({}, { ...hmacKey(), venueKeyId: '' })).headers, []);
  });
});

function hmacKey(): TestKey {
  return keyOf('hmac_sha256', Buffer.from(SECRET), { venue: 'binance', venueKeyId: API_KEY });
}

function request(parts: Partial<VenueRequest>): VenueRequest {
  const rest = { query: '', body: Buffer.alloc(0), ...parts };
  return { method: 'POST', host: 'api.binance.com', path: '/api/v3/order', ...rest };
}

async function signed(parts: Partial<VenueRequest>, key = hmacKey()) {
  const { venue } = await sign(key, BINANCE.draft(request(parts), key, { at: AT, nonce: 0n }));
  assert.ok(venue);
  return venue;
}
