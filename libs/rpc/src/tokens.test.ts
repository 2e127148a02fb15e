import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { ANONYMOUS, type Caller, type CallMetadata } from './call.js';
import type { Jwk } from './key-ring.js';
import { machineClock } from './ports.js';
import { Known } from './test-revocations.js';
import { createVerifier } from './tokens.js';

const NOW = new Date('2030-01-01T00:00:00Z');
const SECONDS = NOW.getTime() / 1_000;
const CLAIMS = { sub: 'usr_1', kind: 'user', adm: false, jti: 'tok_1', iss: 'ramet', aud: 'ramet' };
const WORKLOAD = { sub: 'exe_1', kind: 'workload', cln: 'cln_1', exe: 'exe_1', epo: 3 };

type Claims = Readonly<Record<string, unknown>>;
type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

interface Issuer {
  readonly jwk: Jwk;
  readonly privateKey: PrivateKey;
}

describe('createVerifier', () => {
  let ours: Issuer;
  let theirs: Issuer;

  before(async () => {
    [ours, theirs] = [await issuer('k1'), await issuer('k1')];
  });

  it('takes a call without a token for anonymous', async () => {
    assert.deepEqual(await verify(undefined), ANONYMOUS);
  });

  it('knows a user by a token', async () => {
    const caller = await verify(await sign({ ...CLAIMS, adm: true }));
    assert.deepEqual(caller, { kind: 'user', id: 'usr_1', admin: true, tokenId: 'tok_1' });
  });

  it('knows what a token of a user was made of, and what it is good for', async () => {
    const made = { scp: ['keys.*'], crd: ['apk_1', 'lgn_1'], ver: 7 };
    const { scopes, credentialIds, version } = await verify(await sign({ ...CLAIMS, ...made }));
    assert.deepEqual(
      { scopes, credentialIds, version },
      {
        scopes: ['keys.*'],
        credentialIds: ['apk_1', 'lgn_1'],
        version: 7,
      },
    );
  });

  it('knows a workload, and what it is bound to', async () => {
    const { kind, workload, admin } = await verify(
      await sign({ ...CLAIMS, ...WORKLOAD, adm: true }),
    );
    assert.equal(kind, 'workload');
    assert.equal(admin, false);
    assert.deepEqual(workload, { cloneId: 'cln_1', executionId: 'exe_1', epoch: 3 });
  });

  it('lets a service act for a user, and nobody else', async () => {
    const service = await sign({ ...CLAIMS, sub: 'lifecycle', kind: 'service' });
    const user = await sign(CLAIMS);
    assert.equal((await verify(service, { 'x-on-behalf-of': 'usr_7' })).onBehalfOf, 'usr_7');
    assert.equal((await verify(user, { 'x-on-behalf-of': 'usr_7' })).onBehalfOf, undefined);
  });

  it('refuses a token once it has expired, also when it is known', async () => {
    let now = NOW;
    const authenticate = verifier({ clock: { ...machineClock, now: () => now } });
    const metadata = metadataOf(await sign(CLAIMS));
    await authenticate(metadata);

    now = new Date(NOW.getTime() + 300_000);

    await assert.rejects(async () => authenticate(metadata), reason('TOKEN_EXPIRED'));
  });

  it('refuses a known token once it is revoked', async () => {
    const known = new Known();
    const authenticate = verifier({ revocations: known });
    const metadata = metadataOf(await sign(CLAIMS));
    await authenticate(metadata);

    known.revoke('tok_1');

    await assert.rejects(async () => authenticate(metadata), reason('TOKEN_REVOKED'));
  });

  it('asks about each call of a user while it does not know well who is revoked', async () => {
    const known = new Known();
    const authenticate = verifier({ revocations: known });
    const metadata = metadataOf(await sign(CLAIMS));
    await authenticate(metadata);

    known.fresh = false;
    assert.equal((await authenticate(metadata)).id, 'usr_1');
    known.answer = async () => true;
    await assert.rejects(async () => authenticate(metadata), reason('TOKEN_REVOKED'));
    known.answer = () => Promise.reject(new PublicError('unavailable', 'PEER_UNAVAILABLE', ''));
    await assert.rejects(async () => authenticate(metadata), reason('PEER_UNAVAILABLE'));
  });

  it('refuses who is found to be revoked while it asks', async () => {
    const known = new Known();
    known.fresh = false;
    known.answer = async () => {
      known.revoke('tok_1');
      return false;
    };
    const authenticate = verifier({ revocations: known });
    const metadata = metadataOf(await sign(CLAIMS));
    await assert.rejects(async () => authenticate(metadata), reason('TOKEN_REVOKED'));
  });

  for (const [what, ms, isFresh, expected] of [
    ['takes an answer of a second ago', 1_000, false, 'usr_1'],
    ['takes an older answer for none', 1_001, false, 'PEER_UNAVAILABLE'],
    ['needs no answer once it knows', 1_001, true, 'usr_1'],
  ] as const) {
    it(what, async () => {
      const known = new Known();
      known.fresh = false;
      let elapsed = 0;
      const clock = { ...machineClock, now: () => NOW, elapsed: () => elapsed };
      known.answer = async () => {
        elapsed = ms;
        known.fresh = isFresh;
        return false;
      };
      const authenticate = verifier({ revocations: known, clock });
      const metadata = metadataOf(await sign(CLAIMS));
      const asked = (async () => authenticate(metadata))().then(
        ({ id }) => id,
        (thrown: PublicError) => thrown.reason,
      );
      assert.equal(await asked, expected);
    });
  }

  it('lets workloads and services go on while it does not know', async () => {
    const known = new Known();
    known.fresh = false;
    const authenticate = verifier({ revocations: known });
    for (const claims of [WORKLOAD, { sub: 'keys', kind: 'service' }]) {
      const metadata = metadataOf(await sign({ ...CLAIMS, ...claims }));
      assert.equal((await authenticate(metadata)).id, claims.sub);
    }
    assert.equal(known.asked, 0);
  });

  it('is not made without an issuer and an audience (T8)', () => {
    assert.throws(() => verifier({ issuer: '' }), /issuer/);
    assert.throws(() => verifier({ audience: '' }), /audience/);
  });

  it('throws nothing but the refusal, whatever a token is made of (T9)', async () => {
    const good = await sign(CLAIMS);
    let seed = 7;
    const next = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    const authenticate = verifier();
    for (let round = 0; round < 2_000; round += 1) {
      const bytes = [...good];
      for (let change = 0; change <= next(3); change += 1) {
        bytes.splice(next(bytes.length), next(4), String.fromCharCode(33 + next(94)));
      }
      const token = bytes.join('');
      if (token === good) continue;
      await assert.rejects(async () => authenticate(metadataOf(token)), reason('TOKEN_INVALID'));
    }
  });

  it('verifies a token once, and then knows it', async () => {
    const authenticate = verifier();
    const metadata = metadataOf(await sign(CLAIMS));
    assert.ok(authenticate(metadata) instanceof Promise);
    await authenticate(metadata);
    assert.ok(!(authenticate(metadata) instanceof Promise));
  });

  const FORGED: readonly (readonly [string, () => Promise<string>])[] = [
    ['signed by another key of the same id', () => sign(CLAIMS, {}, theirs)],
    ['of another issuer', () => sign({ ...CLAIMS, iss: 'other' })],
    ['for another audience', () => sign({ ...CLAIMS, aud: 'other' })],
    ['of another type', () => sign(CLAIMS, { typ: 'JWT' })],
    ['signed by a key that is not known', () => sign(CLAIMS, { kid: 'k9' })],
    ['without a key id', () => sign(CLAIMS, { kid: undefined })],
    ['without a subject', () => sign({ ...CLAIMS, sub: undefined })],
    ['without an id', () => sign({ ...CLAIMS, jti: undefined })],
    ['without an end', () => sign({ ...CLAIMS, exp: undefined })],
    ['without a beginning', () => sign({ ...CLAIMS, iat: undefined })],
    ['good for longer than any is made', () => sign({ ...CLAIMS, exp: SECONDS + 3_601 })],
    ['made later', () => sign({ ...CLAIMS, iat: SECONDS + 301 })],
    ['of no kind', () => sign({ ...CLAIMS, kind: undefined })],
    ['of an unknown kind', () => sign({ ...CLAIMS, kind: 'root' })],
    ['of a workload without an epoch', () => sign({ ...CLAIMS, ...WORKLOAD, epo: undefined })],
    ['with scopes that are no list', () => sign({ ...CLAIMS, scp: 'keys.*' })],
    ['with scopes that are no names', () => sign({ ...CLAIMS, scp: [1] })],
    ['with credentials that are no list', () => sign({ ...CLAIMS, crd: {} })],
    ['with a version that is no number', () => sign({ ...CLAIMS, ver: '7' })],
    ['with a key in its header', () => sign(CLAIMS, { jwk: theirs.jwk }, theirs)],
    ['with a place of keys in its header', () => sign(CLAIMS, { jku: 'https://x.org' }, theirs)],
    ['with a certificate in its header', () => sign(CLAIMS, { x5u: 'https://x.org' }, theirs)],
    ['whose header must be understood and is not', () => critical()],
    ['that is not signed', () => unsigned({ alg: 'none', typ: 'at+jwt', kid: 'k1' })],
    ['signed with the public key as a secret', hmacSigned],
    ['whose claims were changed', tampered],
    ['that is not a token', async () => 'opensesame'],
  ];

  for (const [what, make] of FORGED) {
    it(`refuses a token ${what}`, async () => {
      const token = await make();
      await assert.rejects(async () => verify(token), reason('TOKEN_INVALID'));
    });
  }

  it('refuses credentials of another scheme', async () => {
    const metadata = { get: () => 'Basic dXNyOnB3' };
    await assert.rejects(async () => verifier()(metadata), reason('TOKEN_INVALID'));
  });

  it('asks for the keys again when a key is not known, at most once a second', async () => {
    let asked = 0;
    let elapsed = 0;
    const keys: Jwk[] = [];
    const authenticate = verifier({
      clock: { ...machineClock, now: () => NOW, elapsed: () => elapsed },
      keys: async () => {
        asked += 1;
        return [...keys];
      },
    });
    const metadata = metadataOf(await sign(CLAIMS));
    await assert.rejects(async () => authenticate(metadata), reason('TOKEN_INVALID'));
    keys.push(ours.jwk);
    await assert.rejects(async () => authenticate(metadata), reason('TOKEN_INVALID'));
    assert.equal(asked, 1);

    elapsed = 1_000;

    assert.equal((await authenticate(metadata)).id, 'usr_1');
    assert.equal(asked, 2);
  });

  it('refuses a known token once its key is withdrawn', async () => {
    let elapsed = 0;
    let keys: readonly Jwk[] = [ours.jwk];
    const clock = { ...machineClock, now: () => NOW, elapsed: () => elapsed };
    const authenticate = verifier({ clock, keys: async () => keys });
    const metadata = metadataOf(await sign(CLAIMS));
    await authenticate(metadata);

    keys = [];
    elapsed = 60_001;
    // The keys are read beside this call.
    await authenticate(metadata);
    await new Promise((resolve) => setImmediate(resolve));

    await assert.rejects(async () => authenticate(metadata), reason('TOKEN_INVALID'));
  });

  it('says that the issuer is away when its keys cannot be read', async () => {
    const authenticate = verifier({ keys: () => Promise.reject(new Error('refused')) });
    const metadata = metadataOf(await sign(CLAIMS));
    await assert.rejects(async () => authenticate(metadata), reason('PEER_UNAVAILABLE'));
  });

  it('refuses the first token after a quiet while if its key was withdrawn meanwhile', async () => {
    const { authenticate, issuer } = withIssuer();
    const metadata = metadataOf(await sign(CLAIMS));
    await authenticate(metadata);

    issuer.keys = [];
    issuer.elapsed = 120_001;
    await assert.rejects(async () => authenticate(metadata), reason('TOKEN_INVALID'));
  });

  it('goes on while the issuer is away, and asks at most once a second', async () => {
    const { authenticate, issuer } = withIssuer();
    const metadata = metadataOf(await sign(CLAIMS));
    await authenticate(metadata);
    issuer.isAway = true;
    issuer.asked = 0;

    issuer.elapsed = 120_001;
    for (let call = 0; call < 5; call += 1) await authenticate(metadata);
    assert.equal(issuer.asked, 1);
    issuer.elapsed += 1_000;
    for (let call = 0; call < 5; call += 1) await authenticate(metadata);
    assert.equal(issuer.asked, 2);
  });

  it('trusts no key that it could not read again for as long as a token is good', async () => {
    const { authenticate, issuer } = withIssuer();
    const metadata = metadataOf(await sign(CLAIMS));
    await authenticate(metadata);
    issuer.isAway = true;
    issuer.elapsed = 3_600_001;
    for (let call = 0; call < 5; call += 1) {
      await assert.rejects(async () => authenticate(metadata), reason('PEER_UNAVAILABLE'));
    }
    assert.equal(issuer.asked, 2);

    issuer.isAway = false;
    issuer.elapsed += 1_000;
    assert.equal((await authenticate(metadata)).id, 'usr_1');
  });

  /** A verifier, and the issuer whose keys it reads, with a clock that a test moves. */
  function withIssuer() {
    const keys: readonly Jwk[] = [ours.jwk];
    const issuer = { keys, isAway: false, asked: 0, elapsed: 0 };
    const clock = { ...machineClock, now: () => NOW, elapsed: () => issuer.elapsed };
    const read = async (): Promise<readonly Jwk[]> => {
      issuer.asked += 1;
      if (issuer.isAway) throw new Error('refused');
      return issuer.keys;
    };
    return { issuer, authenticate: verifier({ clock, keys: read }) };
  }

  function verifier(options: Partial<Parameters<typeof createVerifier>[0]> = {}) {
    return createVerifier({
      issuer: 'ramet',
      audience: 'ramet',
      keys: async () => [ours.jwk],
      clock: { ...machineClock, now: () => NOW },
      ...options,
    });
  }

  async function verify(token: string | undefined, more: Record<string, string> = {}) {
    return verifier()(metadataOf(token, more)) as Promise<Caller> | Caller;
  }

  function sign(claims: Claims, header: Claims = {}, by: Issuer = ours): Promise<string> {
    return new SignJWT({ iat: SECONDS, exp: SECONDS + 300, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'k1', ...header })
      .sign(by.privateKey);
  }

  function critical(): Promise<string> {
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: 'k1', crit: ['bound'], bound: 'elsewhere' };
    return new SignJWT({ iat: SECONDS, exp: SECONDS + 300, ...CLAIMS })
      .setProtectedHeader(header)
      .sign(ours.privateKey, { crit: { bound: true } });
  }

  function hmacSigned(): Promise<string> {
    return new SignJWT({ ...CLAIMS, iat: SECONDS, exp: SECONDS + 300 })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' })
      .sign(Buffer.from(String(ours.jwk.x), 'base64url'));
  }

  async function tampered(): Promise<string> {
    const [header, , signature] = (await sign(CLAIMS)).split('.');
    const [, payload] = (await sign({ ...CLAIMS, adm: true })).split('.');
    return [header, payload, signature].join('.');
  }
});

async function unsigned(header: Claims): Promise<string> {
  const encode = (value: Claims) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode(header)}.${encode({ ...CLAIMS, iat: SECONDS, exp: SECONDS + 300 })}.`;
}

async function issuer(kid: string): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  return { jwk: { ...(await exportJWK(publicKey)), kid }, privateKey };
}

function metadataOf(token: string | undefined, more: Record<string, string> = {}): CallMetadata {
  const all: Record<string, string> = { ...more };
  if (token !== undefined) all.authorization = `Bearer ${token}`;
  return { get: (name) => all[name] };
}

function reason(expected: string) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof PublicError, String(thrown));
    assert.equal(thrown.reason, expected);
    return true;
  };
}
