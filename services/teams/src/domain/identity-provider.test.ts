import assert from 'node:assert/strict';
import {
  type IdentityProvider,
  isSafeUrl,
  nameFor,
  newProvider,
  type ProviderWish,
  requireRoomForIdentity,
  requireRoomForProvider,
  ruleFor,
  type TrustRule,
} from './identity-provider.js';
import { requireName } from './name.js';

const RULE: TrustRule = {
  subject: 'repo:acme/*:ref:refs/heads/main',
  claims: [{ name: 'environment', pattern: 'prod*' }],
  userId: 'usr_1',
  scopes: ['clones.*'],
};
const SUB = 'repo:acme/app:ref:refs/heads/main';
const AT = new Date(0);
const WISH: ProviderWish = {
  ...{ id: 'idp_1', name: 'acme', kind: 'people', issuer: 'https://id.acme.org' },
  ...{ audience: 'ramet', algorithms: [], autoCreate: false, rules: [] },
};

describe('a rule of trust', () => {
  it('fits when the subject and all claims do', () => {
    assert.equal(ruleFor([RULE], { sub: SUB, environment: 'production' }), RULE);
  });

  for (const [what, claims] of [
    ['another subject', { sub: `${SUB}2`, environment: 'prod' }],
    ['another claim', { sub: SUB, environment: 'test' }],
    ['no claim', { sub: SUB }],
    ['a claim that is no text', { sub: SUB, environment: ['prod'] }],
  ] as const) {
    it(`does not fit ${what}`, () => {
      assert.equal(ruleFor([RULE], claims), undefined);
    });
  }

  it("reads no claim that is not the token's own", () => {
    const rule = { ...RULE, claims: [{ name: 'constructor', pattern: 'x' }] };
    assert.equal(ruleFor([rule], { sub: SUB }), undefined);
  });
});

describe('an identity provider', () => {
  it('has algorithms, if none were said', () => {
    assert.deepEqual(newProvider(WISH, AT).algorithms, ['RS256', 'ES256', 'EdDSA']);
  });

  const REFUSED: readonly (readonly [string, Partial<IdentityProvider>])[] = [
    ['issuer', { issuer: 'http://id.acme.org' }],
    ['issuer', { issuer: 'https://user:word@id.acme.org' }],
    ['rules', { rules: [RULE] }],
    ['rules', { kind: 'ci' }],
    ['auto_create', { kind: 'ci', rules: [RULE], autoCreate: true }],
  ];
  for (const [field, wish] of REFUSED) {
    it(`is refused for its ${field} of ${JSON.stringify(wish)}`, () => {
      assert.throws(() => newProvider({ ...WISH, ...wish }, AT), {
        reason: 'REQUEST_INVALID',
        message: new RegExp(`^${field}`),
      });
    });
  }

  it('is asked over https, or on this machine', () => {
    for (const url of [
      'https://a.org',
      'http://127.0.0.1:1/x',
      'http://[::1]/',
      'http://localhost',
    ]) {
      assert.ok(isSafeUrl(url), url);
    }
    for (const url of ['http://a.org', 'http://127.0.0.1.a.org', 'file:///etc/passwd', 'x', '']) {
      assert.ok(!isSafeUrl(url), url);
    }
  });

  it('gives names to its people that are names here', () => {
    const id = `usr_${'0'.repeat(18)}abcd1234`;
    for (const said of [
      'ada',
      'Ada Lovelace',
      '42',
      '--',
      'é',
      'x'.repeat(90),
      'a@b.org',
      undefined,
      7,
    ]) {
      const name = nameFor({ sub: '1', preferred_username: said }, id);
      requireName(name);
      assert.ok(name.endsWith('-abcd1234'));
    }
  });
});

describe('the number of identity providers, and of the identities of a user', () => {
  for (const [what, require] of [
    ['providers', requireRoomForProvider],
    ['identities', (count: number) => requireRoomForIdentity('usr_1', count)],
  ] as const) {
    it(`is 100 ${what} at most, as many as a list shows`, () => {
      require(99);
      assert.throws(() => require(100), { reason: 'QUOTA_EXCEEDED' });
    });
  }
});
