import assert from 'node:assert/strict';
import { isInner, type Resolve, requireKeysPlace } from './keys-place.js';

const REMOTE = 'https://id.example.com';
const RESOLVED: Readonly<Record<string, readonly string[]>> = {
  'keys.example.com': ['93.184.216.34', '2606:2800:220:1::1'],
  'half.example.com': ['93.184.216.34', '10.0.0.7'],
  localhost: ['127.0.0.1'],
};
const resolve: Resolve = async (host) => RESOLVED[host] ?? [host];

describe('the place of the keys of an issuer', () => {
  for (const [issuer, keys] of [
    [REMOTE, `${REMOTE}/jwks`],
    [REMOTE, 'https://keys.example.com/jwks'],
    ['https://10.0.0.7', 'https://10.0.0.7/jwks'],
    ['http://127.0.0.1:1234', 'http://127.0.0.1:99/jwks'],
  ] as const) {
    it(`of ${issuer} may be ${keys}`, () => requireKeysPlace(issuer, keys, resolve));
  }

  for (const keys of [
    'http://127.0.0.1:9200/jwks',
    'http://localhost/jwks',
    'http://[::1]/jwks',
    'http://keys.example.com/jwks',
    'https://localhost/jwks',
    'https://half.example.com/jwks',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/jwks',
    'https://[fd00::1]/jwks',
    'https://192.168.1.1/jwks',
  ]) {
    it(`of ${REMOTE} is not ${keys}`, async () => {
      await assert.rejects(requireKeysPlace(REMOTE, keys, resolve));
    });
  }

  for (const [address, expected] of [
    ['::ffff:10.0.0.1', true],
    ['::ffff:8.8.8.8', false],
    ['172.32.0.1', false],
    ['100.64.0.1', true],
    ['2001:4860:4860::8888', false],
    ['::', true],
  ] as const) {
    it(`is ${expected ? 'within' : 'outside'} at ${address}`, () => {
      assert.equal(isInner(address), expected);
    });
  }
});
