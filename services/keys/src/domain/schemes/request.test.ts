import assert from 'node:assert/strict';
import { problemsOfTarget, readBody, readParameters } from './request.js';

describe('T6: the path of a request', () => {
  for (const path of [
    ...['/api/../sapi', '/api/./v3', '/..', '/.', '/api/..'],
    ...['/api/%2e%2e/sapi', '/api/%2E/', '/%2f', '/a%2Fb', '/a%5cb', '/%252e%252e', '/a%00', '/%'],
    ...['//', '/api//v3', '//api', '/api//'],
    ...['/a\\b', '/a;b=1', '/a?b', '/a#b', '/a b', '/a\u0000', '/ä', 'api', ''],
  ]) {
    it(`is not ${JSON.stringify(path)}`, () => {
      assert.deepEqual(fields({ path }), ['venue.path']);
    });
  }

  for (const path of ['/', '/api/v3/order', '/0/private/', '/v2/auth/r/tBTCF0:USTF0', '/a/...']) {
    it(`may be ${path}`, () => {
      assert.deepEqual(fields({ path }), []);
    });
  }
});

describe('the host of a request', () => {
  for (const host of [
    'API.binance.com',
    'a/b',
    'user@host',
    'host:0',
    'host:',
    '-a',
    'a b',
    'a%2e',
  ]) {
    it(`is not ${host}`, () => {
      assert.deepEqual(fields({ host }), ['venue.host']);
    });
  }

  for (const host of ['', 'api.binance.com', '127.0.0.1:8099', 'localhost']) {
    it(`may be ${JSON.stringify(host)}`, () => {
      assert.deepEqual(fields({ host }), []);
    });
  }
});

describe('T6: the parameters of a request', () => {
  for (const text of [
    'a=%00',
    'a=%0a',
    '%zz=1',
    'a=%',
    'a=%c3',
    'a=1&&b=2',
    '=1',
    'a=b#c',
    'a=\u0000',
    'ä=1',
  ]) {
    it(`are not ${JSON.stringify(text)}`, () => {
      assert.ok('description' in readParameters('venue.query', text));
    });
  }

  it('are read as the venue reads them', () => {
    assert.deepEqual(readParameters('venue.query', '%61=1+2&b=%3D=&c'), [
      { name: 'a', value: '1 2' },
      { name: 'b', value: '==' },
      { name: 'c', value: '' },
    ]);
  });
});

describe('a body in JSON', () => {
  for (const text of [
    '{"a":1,"a":2}',
    '{"a":1',
    '[1,]',
    '{a:1}',
    '01',
    '"\n"',
    '\ufeff{}',
    'nul',
    '1 2',
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.ok('description' in readBody('json', Buffer.from(text)));
    });
  }

  it('is UTF-8, and not too deep', () => {
    assert.ok('description' in readBody('json', Buffer.from([0x22, 0xff, 0x22])));
    assert.ok('description' in readBody('json', Buffer.from('['.repeat(60_000))));
    assert.ok('description' in readBody('json', Buffer.from('['.repeat(34) + ']'.repeat(34))));
    assert.deepEqual(readBody('json', Buffer.from('['.repeat(33) + ']'.repeat(33))), []);
  });
});

function fields(parts: { readonly host?: string; readonly path?: string }): readonly string[] {
  const rest = { method: 'GET', query: '', body: Buffer.alloc(0) };
  const request = { host: '', path: '/', ...rest, ...parts };
  return problemsOfTarget(request).map(({ field }) => field);
}
