// Goal: whatever is shown as a credential is what it says or nothing: no error but of its own kind,
// and no more time than its size asks for. Anybody may send it, before it is known who they are.
// Method: good ones changed by seeded dice, noise, and the largest ones that the contract lets in.
import assert from 'node:assert/strict';
import { systemIds } from '@ramet/service';
import { below, mutated, oneOf, randomBytes, seeded } from '@ramet/test/random';
import { SignJWT } from 'jose';
import { isApiKey, makeApiKey } from '../domain/api-key.js';
import { matchesGlob } from '../domain/glob.js';
import { signerOf } from './ethereum.js';
import { originOf } from './identity-tokens.js';
import { firstRefreshToken, readRefreshToken } from './refresh-token.js';
import { signText } from './test-signer.js';

const ROUNDS = 2_000;
/** Far above what any of them takes, far below what time in the square of its size would be. */
const LATE_MS = 500;
const MOST_CHARS = 16_384;

describe('a credential that is shown', () => {
  it('is an API key only as it was made', () => {
    const random = seeded(62);
    for (const kind of ['user', 'service'] as const) {
      const key = makeApiKey(kind, (count) => randomBytes(random, count));
      assert.ok(isApiKey(key));
      for (let round = 0; round < ROUNDS; round += 1) {
        const other = mutated(random, Buffer.from(key)).toString('latin1');
        assert.equal(isApiKey(other), other === key, other);
      }
    }
    for (const size of [0, 47, 48, 49, 4_096]) assert.ok(!isApiKey('a'.repeat(size)));
  });

  it('is a refresh token, or none: never one with more around it', () => {
    const random = seeded(43);
    const { text } = firstRefreshToken(systemIds).token;
    for (let round = 0; round < ROUNDS; round += 1) {
      const other = mutated(random, Buffer.from(text)).toString('latin1');
      const read = readRefreshToken(other);
      if (read) assert.match(read.text, /^ramet_refresh_[A-Za-z0-9_-]{43}$/);
    }
    for (const other of [`${text}\n`, ` ${text}`, `${text}\0`, text.repeat(300)]) {
      assert.equal(readRefreshToken(other), undefined);
    }
  });

  it('is signed by whoever has signed it, and by nobody if it is noise', () => {
    const random = seeded(191);
    const { address, signature } = signText(randomBytes(random, 32), 'Some data');
    for (let round = 0; round < 300; round += 1) {
      const good = Buffer.from(signature);
      const other = round % 3 === 0 ? randomBytes(random, 65) : mutated(random, good);
      const signer = signerOf('Some data', other);
      assert.ok(signer === undefined || /^0x[0-9a-f]{40}$/.test(signer));
      if (signer === address) assert.deepEqual(other.subarray(0, 64), good.subarray(0, 64));
    }
    for (const size of [0, 64, 66, 1_024]) {
      assert.equal(signerOf('', randomBytes(random, size)), undefined);
    }
  });
});

describe('an ID token that is shown', () => {
  it('is from somewhere, or none: no text that a database cannot hold', async () => {
    const random = seeded(7_519);
    const token = await tokenOf({ iss: 'https://a.example', aud: ['b', 'c'], sub: 'd' });
    assert.deepEqual(originOf(token), { issuer: 'https://a.example', audiences: ['b', 'c'] });
    for (let round = 0; round < ROUNDS; round += 1) {
      const origin = originOf(mutated(random, Buffer.from(token)).toString('latin1'));
      for (const text of origin ? [origin.issuer, ...origin.audiences] : []) {
        assert.match(text, /^[^\0\p{Surrogate}]{1,512}$/u);
      }
    }
  });

  const odd: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['no issuer', { aud: 'b' }],
    ['no audience', { iss: 'a' }],
    ['an empty issuer', { iss: '', aud: 'b' }],
    ['NUL in its issuer', { iss: 'a\0', aud: 'b' }],
    ['NUL in an audience', { iss: 'a', aud: ['b', '\0'] }],
    ['half a character in its issuer', { iss: '\ud800', aud: 'b' }],
    ['an issuer that is a number', { iss: 7, aud: 'b' }],
    ['an audience that is an object', { iss: 'a', aud: { b: 1 } }],
    ['audiences that are lists', { iss: 'a', aud: [['b'], [['c']]] }],
    ['audiences that are nothing', { iss: 'a', aud: [null] }],
    ['more audiences than anybody has', { iss: 'a', aud: Array(101).fill('b') }],
    ['an issuer as long as the token', { iss: 'a'.repeat(8_000), aud: 'b' }],
  ];
  for (const [name, claims] of odd) {
    it(`is from nowhere with ${name}`, async () => {
      assert.equal(originOf(await tokenOf(claims)), undefined);
    });
  }

  it('takes no longer for its size, whatever it is made of', () => {
    const part = (text: string) => Buffer.from(text).toString('base64url');
    for (const body of ['['.repeat(9_000), `{"aud":[${'1,'.repeat(5_000)}1]}`, '"'.repeat(9_000)]) {
      inTime(() => originOf(`${part('{"alg":"none"}')}.${part(body)}.`));
    }
    for (const text of ['.', 'a.', 'e30.', '=', '\0', 'é']) {
      inTime(() => originOf(text.repeat(MOST_CHARS / text.length)));
    }
  });

  it('is matched with rules in no more time than both are long', () => {
    const random = seeded(42);
    const patterns = [
      '*a'.repeat(127),
      `${'*'.repeat(254)}b`,
      `${'a*'.repeat(127)}b`,
      'a'.repeat(255),
    ];
    for (const pattern of patterns) {
      inTime(() => matchesGlob(pattern, 'a'.repeat(512)));
      inTime(() => matchesGlob(pattern, `${'a'.repeat(MOST_CHARS)}:`));
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = someOf(random, 'ab:', 12);
      const pattern = someOf(random, 'ab:**', 8);
      const expected = new RegExp(`^${pattern.replaceAll('*', '[^:]*')}$`).test(text);
      assert.equal(matchesGlob(pattern, text), expected, `${pattern} of ${text}`);
    }
  });
});

async function tokenOf(claims: Readonly<Record<string, unknown>>): Promise<string> {
  const head = { alg: 'HS256' };
  return new SignJWT(claims).setProtectedHeader(head).sign(new Uint8Array(32));
}

function someOf(random: () => number, characters: string, most: number): string {
  return Array.from({ length: below(random, most) }, () => oneOf(random, [...characters])).join('');
}

function inTime(act: () => unknown): void {
  const start = performance.now();
  act();
  const ms = performance.now() - start;
  assert.ok(ms < LATE_MS, `it took ${ms} ms`);
}
