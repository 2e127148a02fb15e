// Goal: what we sign is Standard Webhooks 1.0, and nothing else verifies.
// Method: the specification's own vector; every part of a good request spoiled; seeded garbage.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { signWebhook, verifyWebhook } from './signature.js';

/** The vector of the specification's libraries. */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const TIMESTAMP = 1_614_265_330;
const BODY = '{"test": 2432232314}';
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

const DOCUMENT = new URL('../../../../docs/webhooks.md', import.meta.url);
const NOW = TIMESTAMP * 1_000;
const HEADERS = {
  'webhook-id': ID,
  'webhook-timestamp': String(TIMESTAMP),
  'webhook-signature': SIGNATURE,
};
const OTHER = signWebhook(`whsec_${Buffer.alloc(24, 1).toString('base64')}`, {
  id: ID,
  timestamp: TIMESTAMP,
  body: BODY,
});

describe('a signature', () => {
  it('is the one of the specification', () => {
    const signed = signWebhook(SECRET, { id: ID, timestamp: TIMESTAMP, body: BODY });
    assert.equal(signed, SIGNATURE);
  });
});

describe('docs/webhooks.md', () => {
  it('shows how to verify a request in a way that works', async () => {
    const document = readFileSync(DOCUMENT, 'utf8');
    const [, code = ''] = /```js\n([\s\S]*?)```/.exec(document) ?? [];
    const { isFromRamet } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    const timestamp = Math.floor(Date.now() / 1_000);
    const headersAt = (time: number) => ({
      'webhook-id': ID,
      'webhook-timestamp': String(time),
      'webhook-signature': `${OTHER} ${signWebhook(SECRET, { id: ID, timestamp: time, body: BODY })}`,
    });
    assert.equal(isFromRamet(SECRET, headersAt(timestamp), Buffer.from(BODY)), true);
    assert.equal(isFromRamet(SECRET, headersAt(timestamp), Buffer.from(`${BODY} `)), false);
    assert.equal(isFromRamet(SECRET, headersAt(timestamp - 301), Buffer.from(BODY)), false);
    assert.equal(isFromRamet(SECRET, {}, Buffer.from(BODY)), false);
  });
});

describe('verifyWebhook', () => {
  const good: readonly (readonly [string, () => boolean])[] = [
    ['as it came', () => verifies({})],
    ['with a body of bytes', () => verifies({}, Buffer.from(BODY))],
    ['with a secret without its prefix', () => check(SECRET.slice(6), HEADERS, BODY, NOW)],
    ['with names in capitals', () => check(SECRET, capitals(HEADERS), BODY, NOW)],
    ['with a header as a list of one', () => verifies({ 'webhook-id': [ID] })],
    [
      'with the signature of another secret beside',
      () => verifies({ 'webhook-signature': `${OTHER} ${SIGNATURE}` }),
    ],
    [
      'with a version beside that is not known',
      () => verifies({ 'webhook-signature': `v2,abc ${SIGNATURE}` }),
    ],
    ['5 minutes late', () => check(SECRET, HEADERS, BODY, NOW + 300_000)],
    ['5 minutes early', () => check(SECRET, HEADERS, BODY, NOW - 300_000)],
  ];
  for (const [what, verified] of good) {
    it(`takes a request ${what}`, () => assert.equal(verified(), true));
  }

  const bad: readonly (readonly [string, () => boolean])[] = [
    ['of another body', () => verifies({}, `${BODY} `)],
    ['of another id', () => verifies({ 'webhook-id': `${ID}x` })],
    ['of another time', () => verifies({ 'webhook-timestamp': String(TIMESTAMP + 1) })],
    ['of another secret', () => verifies({ 'webhook-signature': OTHER })],
    ['more than 5 minutes late', () => check(SECRET, HEADERS, BODY, NOW + 300_001)],
    ['more than 5 minutes early', () => check(SECRET, HEADERS, BODY, NOW - 300_001)],
    ['with a clock that is not set', () => check(SECRET, HEADERS, BODY, Number.NaN)],
    ['without an id', () => verifies({ 'webhook-id': undefined })],
    ['without a time', () => verifies({ 'webhook-timestamp': undefined })],
    ['without a signature', () => verifies({ 'webhook-signature': undefined })],
    ['with two ids', () => verifies({ 'webhook-id': [ID, ID] })],
    ['with an id twice in other letters', () => verifies({ 'Webhook-Id': ID })],
    ['with a time that is no number', () => verifies({ 'webhook-timestamp': '1e9' })],
    ['with a time below zero', () => verifies({ 'webhook-timestamp': `-${TIMESTAMP}` })],
    ['with blanks in the time', () => verifies({ 'webhook-timestamp': ` ${TIMESTAMP}` })],
    ['of another version', () => verifies({ 'webhook-signature': SIGNATURE.replace('v1', 'v1a') })],
    ['without a version', () => verifies({ 'webhook-signature': SIGNATURE.slice(3) })],
    [
      'with a signature that is cut',
      () => verifies({ 'webhook-signature': SIGNATURE.slice(0, -3) }),
    ],
    ['with a signature that goes on', () => verifies({ 'webhook-signature': `${SIGNATURE},x` })],
    ['with an empty signature', () => verifies({ 'webhook-signature': 'v1,' })],
    [
      'with good signatures after too many',
      () => verifies({ 'webhook-signature': `${'v1,x '.repeat(20)}${SIGNATURE}` }),
    ],
  ];
  for (const [what, verified] of bad) {
    it(`refuses a request ${what}`, () => assert.equal(verified(), false));
  }

  it('refuses a signature with any bit changed', () => {
    const digest = Buffer.from(SIGNATURE.slice(3), 'base64');
    for (let bit = 0; bit < digest.length * 8; bit += 1) {
      const changed = Buffer.from(digest);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(verifies({ 'webhook-signature': `v1,${changed.toString('base64')}` }), false);
    }
  });

  it('refuses garbage, and never throws', () => {
    const next = random(20_240_229);
    const texts = [
      '',
      ' ',
      ',',
      'v1',
      'v1,',
      'v1,=',
      '\0',
      '\u{1f600}',
      SIGNATURE,
      ID,
      '9'.repeat(400),
    ];
    const text = (): string =>
      Array.from({ length: next(4) }, () => texts[next(texts.length)] ?? '').join('');
    const value = (): string | string[] | undefined =>
      [undefined, text(), [text()], [text(), text()], []][next(5)];
    for (let count = 0; count < 5_000; count += 1) {
      const headers = {
        'webhook-id': value(),
        'webhook-timestamp': next(2) === 0 ? String(TIMESTAMP) : value(),
        'webhook-signature': value(),
        [text()]: value(),
      };
      const body = next(2) === 0 ? text() : Buffer.from(text());
      const isGood =
        String(headers['webhook-id']) === ID && String(headers['webhook-signature']) === SIGNATURE;
      const verified = verifyWebhook(SECRET, headers, body, { now: NOW });
      assert.ok(!verified || (isGood && body.toString() === BODY), JSON.stringify(headers));
    }
  });
});

function verifies(change: object, body: string | Uint8Array = BODY): boolean {
  return check(SECRET, { ...HEADERS, ...change }, body, NOW);
}

function check(secret: string, headers: object, body: string | Uint8Array, now: number): boolean {
  return verifyWebhook(secret, headers as Record<string, string>, body, { now });
}

function capitals(headers: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
  );
}

/** Numbers that look random and are the same in each run: a linear congruential generator. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
