import assert from 'node:assert/strict';
import {
  isApiKey,
  isOfMachine,
  makeApiKey,
  makersOf,
  newApiKey,
  prefixOf,
  revoke,
} from './api-key.js';
import { crc32 } from './crc32.js';

const AT = new Date('2026-01-02T03:04:05Z');
const WISH = {
  id: 'apk_1',
  userId: 'usr_1',
  name: 'laptop',
  prefix: 'ramet_user_',
  expiresAt: null,
  scopes: [],
  madeWith: [],
};
const YEAR_MS = 365 * 24 * 3_600_000;

describe('crc32', () => {
  it('gives the check value of its specification', () => {
    assert.equal(crc32('123456789'), 0xcbf43926);
    assert.equal(crc32(''), 0);
  });
});

describe('an API key', () => {
  it('says whose kind it is, and has 30 random digits and 6 that check them', () => {
    const key = makeApiKey('user', counting());
    assert.match(key, /^ramet_user_[0-9A-Za-z]{30}[0-9A-Za-z]{6}$/);
    assert.ok(isApiKey(key));
    assert.ok(isApiKey(makeApiKey('service', counting())));
  });

  it('takes no digit from bytes that would favour some', () => {
    const bytes = [255, 254, 253, 252, 251, 250, 249, 248, 61];
    let place = 0;
    const key = makeApiKey('user', (count) =>
      Uint8Array.from({ length: count }, () => bytes[place++ % bytes.length] ?? 0),
    );
    assert.equal(key.slice('ramet_user_'.length, -6), 'z'.repeat(30));
  });

  it('is told from a mistyped one without asking anybody', () => {
    const key = makeApiKey('user', counting());
    for (let place = 0; place < key.length; place += 1) {
      const other = key.charAt(place) === 'x' ? 'y' : 'x';
      const mistyped = key.slice(0, place) + other + key.slice(place + 1);
      assert.ok(!isApiKey(mistyped), mistyped);
    }
    for (const text of ['', ` ${key}`, `${key} `, `${key}\n`, key.toUpperCase(), key.slice(1)]) {
      assert.ok(!isApiKey(text), JSON.stringify(text));
    }
  });

  it('shows too little of itself to be found', () => {
    assert.equal(prefixOf(makeApiKey('user', counting())), 'ramet_user_0123');
  });
});

describe('newApiKey', () => {
  for (const expiresAt of [
    AT,
    new Date(0),
    new Date(Number.NaN),
    new Date(AT.getTime() + YEAR_MS + 1),
  ]) {
    it(`refuses to end at ${String(expiresAt)}`, () => {
      assert.throws(() => newApiKey({ ...WISH, expiresAt }, AT), { reason: 'REQUEST_INVALID' });
    });
  }

  it('takes an end within a year, and ends after one if none was wished for', () => {
    const expiresAt = new Date(AT.getTime() + 1);
    assert.equal(newApiKey({ ...WISH, expiresAt }, AT).expiresAt, expiresAt);
    assert.deepEqual(newApiKey(WISH, AT).expiresAt, new Date(AT.getTime() + YEAR_MS));
  });
});

describe('a key that a key has made', () => {
  const makersEnd = new Date(AT.getTime() + 1_000);

  it('ends with it, unless it is to end before', () => {
    assert.deepEqual(newApiKey(WISH, AT, makersEnd).expiresAt, makersEnd);
    const expiresAt = new Date(AT.getTime() + 999);
    assert.equal(newApiKey({ ...WISH, expiresAt }, AT, makersEnd).expiresAt, expiresAt);
  });

  it('is refused if it is to end later', () => {
    const expiresAt = new Date(makersEnd.getTime() + 1);
    assert.throws(() => newApiKey({ ...WISH, expiresAt }, AT, makersEnd), {
      reason: 'REQUEST_INVALID',
    });
  });

  it('ends within a year, however long that lasts', () => {
    const late = new Date(AT.getTime() + 2 * YEAR_MS);
    assert.deepEqual(newApiKey(WISH, AT, late).expiresAt, new Date(AT.getTime() + YEAR_MS));
  });
});

describe('revoke', () => {
  it('keeps the time of the first revocation', () => {
    const revoked = revoke(newApiKey(WISH, AT), AT);
    assert.equal(revoked.revokedAt, AT);
    assert.equal(revoke(revoked, new Date(0)), revoked);
  });
});

function counting(): (count: number) => Uint8Array {
  let next = 0;
  return (count) => Uint8Array.from({ length: count }, () => next++ % 62);
}

describe('a token', () => {
  for (const [what, origin, expected] of [
    ['an API key', { credentialIds: ['apk_1'] }, false],
    ['a login by an API key', { credentialIds: ['apk_1', 'lgn_1'] }, false],
    ['a login at a provider', { credentialIds: ['idp_1', 'idn_1', 'lgn_1'] }, false],
    ['nothing that is named', {}, false],
    ['CI', { credentialIds: ['idp_1'] }, true],
    ['a signed request', { credentialIds: ['prv_1'], binding: {} }, true],
    ['what is bound', { credentialIds: ['apk_1'], binding: {} }, true],
  ] as const) {
    it(`of ${what} ${expected ? 'makes no API keys' : 'may make API keys'}`, () => {
      assert.equal(isOfMachine(origin), expected);
    });
  }
});

describe('what a key ends with', () => {
  const scopes = ['api_keys.*'];
  for (const [what, origin, expected] of [
    ['a key that is good for all', { scopes: [], credentialIds: ['apk_1'] }, []],
    ['nothing that says', {}, []],
    ['a key with scopes', { scopes, credentialIds: ['apk_1'] }, ['apk_1']],
    ['a login by one', { scopes, credentialIds: ['apk_1', 'lgn_1'] }, ['apk_1']],
    ['one that one has made', { scopes, credentialIds: ['apk_2', 'apk_1'] }, ['apk_2', 'apk_1']],
  ] as const) {
    it(`is ${expected.join(' and ') || 'nothing'}, made by a token of ${what}`, () => {
      assert.deepEqual(makersOf(origin), expected);
    });
  }

  it('is at most four keys', () => {
    const credentialIds = ['apk_5', 'apk_4', 'apk_3', 'apk_2', 'apk_1'];
    assert.throws(() => makersOf({ scopes, credentialIds }), { reason: 'PERMISSION_DENIED' });
  });
});
