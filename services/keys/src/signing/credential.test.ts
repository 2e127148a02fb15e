import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { fieldsOf } from '../support/schemes.js';
import { importSecret, joinCredential, keepPassphrase, splitCredential } from './credential.js';

const SECRET = Buffer.alloc(64, 0xa5);
const NO_CLAIM = Buffer.alloc(0);
const PASSPHRASE = Buffer.from('open sesame');

describe('the secret of a key for a venue', () => {
  const kraken = { venue: 'kraken', algorithm: 'hmac_sha512', claimedPublicKey: NO_CLAIM } as const;
  const base64 = SECRET.toString('base64');

  it('is what its base64 stands for, where the venue writes it so', () => {
    const { secret } = importSecret({ ...kraken, secret: Buffer.from(base64) });
    assert.deepEqual(secret, SECRET);
  });

  it('is its text elsewhere', () => {
    const { secret } = importSecret({ ...kraken, venue: '', secret: Buffer.from(base64) });
    assert.equal(secret.toString(), base64);
  });

  for (const text of [
    `!${base64}`,
    base64.slice(1),
    `${base64}====`,
    base64.replace('==', ''),
    ' ',
  ]) {
    it(`T23: is refused unless it is strict base64: ${text.slice(0, 8)}...${text.slice(-6)}`, () => {
      assert.deepEqual(
        fieldsOf(() => importSecret({ ...kraken, secret: Buffer.from(text) })),
        ['secret'],
      );
    });
  }
});

describe('a passphrase', () => {
  it('is sealed with the secret, and comes out beside it', () => {
    const joined = joinCredential('okx', SECRET, PASSPHRASE);
    assert.deepEqual(splitCredential('okx', joined), {
      secret: SECRET,
      passphrase: PASSPHRASE,
    });
  });

  it('is kept only as its HMAC where the venue wants no more', () => {
    const joined = joinCredential('kucoin', SECRET, PASSPHRASE);

    const hmac = createHmac('sha256', SECRET).update(PASSPHRASE).digest('base64');
    assert.equal(splitCredential('kucoin', joined).passphrase.toString(), hmac);
    assert.ok(!joined.includes(PASSPHRASE));
  });

  it('is a text only while a header is made of it', () => {
    const joined = joinCredential('okx', SECRET, PASSPHRASE);
    const passphrase = keepPassphrase(splitCredential('okx', joined).passphrase);
    joined.fill(0);

    assert.equal(passphrase(), 'open sesame');
    assert.equal(passphrase(), 'open sesame');
    assert.equal(keepPassphrase(Buffer.alloc(0))(), '');
  });

  it('is nothing to other venues', () => {
    const joined = joinCredential('binance', SECRET, Buffer.alloc(0));
    assert.deepEqual(joined, SECRET);
    assert.notEqual(joined, SECRET);
    assert.deepEqual(splitCredential('binance', joined), { secret: SECRET, passphrase: NO_CLAIM });
  });

  for (const text of ['', ' a', 'a ', 'a\nb: c', 'ü', '\u0000']) {
    it(`is not ${JSON.stringify(text)}, which fits no header`, () => {
      assert.deepEqual(
        fieldsOf(() => joinCredential('okx', SECRET, Buffer.from(text))),
        ['passphrase'],
      );
    });
  }
});
