import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { urlOf } from './examples.js';

/** "HMAC Keys" under "SIGNED endpoint examples" of binance-spot-api-docs, rest-api.md. */
const DOCUMENTED = {
  apiKey: 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A',
  secret: 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j',
  query:
    'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559',
  signature: 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71',
  time: 1499827319559,
};
const { apiKey, secret, query, signature, time } = DOCUMENTED;
const SIGNED = `${query}&signature=${signature}`;

describe("the paper exchange's check of a signature", () => {
  it('takes the example of the documents', async () => {
    assert.equal(await refusalOf({ query: SIGNED }), undefined);
  });

  const REFUSED: readonly (readonly [string, Partial<Asked>, number])[] = [
    ['another order', { query: SIGNED.replace('quantity=1', 'quantity=2') }, -1022],
    ['another secret', { secret: 'another' }, -1022],
    ['a signature that is cut off', { query: SIGNED.slice(0, -2) }, -1022],
    ['a signature that is not the last', { query: `${SIGNED}&price=1` }, -1022],
    ['no signature', { query }, -1022],
    ['another key', { apiKey: 'another' }, -2015],
    ['a time too long ago', { now: time + 5_001 }, -1021],
    ['a time to come', { now: time - 1_001 }, -1021],
  ];
  for (const [what, asked, code] of REFUSED) {
    it(`refuses ${what} with code ${code}`, async () => {
      assert.equal(await refusalOf({ query: SIGNED, ...asked }), code);
    });
  }

  it('takes an Ed25519 signature of the key that it was given, and no other', async () => {
    const [own, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
    const publicKey = own.publicKey.export({ type: 'spki', format: 'pem' });
    const account = { algorithm: 'ed25519', publicKey };
    const signedBy = ({ privateKey }: typeof own): string => {
      const made = sign(null, Buffer.from(query), privateKey).toString('base64');
      return `${query}&signature=${encodeURIComponent(made)}`;
    };

    assert.equal(await refusalOf({ query: signedBy(own), account }), undefined);
    assert.equal(await refusalOf({ query: signedBy(other), account }), -1022);
  });
});

interface Asked {
  readonly query: string;
  readonly apiKey: string;
  readonly secret: string;
  readonly account: object;
  readonly now: number;
}

/** The code that a request is refused with, or undefined if it is let in. */
async function refusalOf(given: Partial<Asked>): Promise<number | undefined> {
  const { authenticate } = await import(urlOf('paper-exchange/signatures.mjs'));
  const asked = { query: '', apiKey, secret, now: time, ...given };
  const account = asked.account ?? { algorithm: 'hmac-sha256', secret: asked.secret };
  try {
    authenticate({
      query: asked.query,
      headers: { 'x-mbx-apikey': asked.apiKey },
      accounts: new Map([[apiKey, account]]),
      now: asked.now,
    });
    return undefined;
  } catch (thrown) {
    return (thrown as { readonly code: number }).code;
  }
}
