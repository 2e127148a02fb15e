import assert from 'node:assert/strict';
import { redact, redactFields } from './redact.js';

const NAMES = [
  'password',
  'databasePassword',
  'token',
  'access_token',
  'authorization',
  'clientSecret',
  'api_key',
  'privateKey',
  'Cookie',
];

const TEXTS = [
  'Authorization: Bearer abc.def-ghi',
  'got eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1In0.c2ln',
  '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ\n-----END PRIVATE KEY-----',
  '-----BEGIN EC PRIVATE KEY-----\nMC4CAQAwBQ',
  'postgres://keys:hunter2@localhost/ramet',
];

describe('redact', () => {
  for (const name of NAMES) {
    it(`hides the value of ${name}, however deep`, () => {
      const text = JSON.stringify(redactFields({ at: [{ [name]: 'hunter2' }] }));
      assert.ok(!text.includes('hunter2'), text);
    });
  }

  for (const text of TEXTS) {
    it(`hides the secret in ${JSON.stringify(text.slice(0, 30))}`, () => {
      const shown = String(redact(text));
      assert.ok(shown.includes('[redacted]'));
      for (const secret of ['abc.def', 'c2ln', 'MC4C', 'hunter2']) {
        assert.ok(!shown.includes(secret), shown);
      }
    });
  }

  it('keeps ids of tokens and plain values', () => {
    const fields = { tokenId: 'tok_1', token_id: 'tok_2', phase: 'RUNNING', ms: 2.5, ok: true };
    assert.deepEqual(redactFields(fields), fields);
  });

  it('shows an error with its causes, and nothing a driver hung on it', () => {
    const cause = new Error('cannot reach postgres://u:hunter2@db');
    const error = Object.assign(new Error('failed', { cause }), {
      code: '08006',
      parameters: ['hunter2'],
    });
    const text = JSON.stringify(redact(error));
    assert.match(text, /08006/);
    assert.match(text, /cannot reach/);
    assert.doesNotMatch(text, /hunter2/);
  });

  it('ends on values that contain themselves', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    assert.match(JSON.stringify(redactFields(loop)), /too deep/);
  });

  it('writes what JSON cannot', () => {
    const fields = { bytes: Buffer.from('abc'), big: 7n, at: new Date(0), never: new Date('no') };
    assert.deepEqual(redactFields(fields), {
      bytes: '[3 bytes]',
      big: '7',
      at: '1970-01-01T00:00:00.000Z',
      never: null,
    });
  });
});
