// Goal: whatever comes as a token, a key of the issuer or a certificate's name, it is who it says or
// TOKEN_INVALID: nothing else is thrown, and nobody is somebody by chance.
// Method: a good one changed by seeded dice, claims of every other type, noise, and the largest.
import assert from 'node:assert/strict';
import { Metadata, status } from '@grpc/grpc-js';
import { PublicError } from '@ramet/errors';
import { below, mutated, oneOf, randomBytes, seeded } from '@ramet/test/random';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Caller, CallMetadata } from './call.js';
import { encodeStatus } from './details.js';
import type { Jwk } from './key-ring.js';
import { machineClock } from './ports.js';
import type { RemoteError } from './remote-error.js';
import { serviceIn } from './spiffe.js';
import { toRemoteError } from './status.js';
import { createVerifier } from './tokens.js';

const ROUNDS = 400;
const NOW = new Date('2030-01-01T00:00:00Z');
const CLAIMS = { sub: 'usr_1', kind: 'user', adm: false, jti: 'tok_1', ver: 7, scp: ['keys.*'] };
const WORKLOAD = {
  sub: 'exe_1',
  kind: 'workload',
  jti: 'tok_2',
  cln: 'cln_1',
  exe: 'exe_1',
  epo: 3,
};
const BOUND = { ...CLAIMS, bnd: { tgt: 'cln_1', own: '', rid: '1' } };
const ODD = [null, 0, -1, 1.5, 2 ** 60, '', '\0', true, [], [1], {}, { tgt: 1 }, 'a'.repeat(3_000)];

describe('a token that is shown', () => {
  let jwk: Jwk;
  let sign: (claims: Readonly<Record<string, unknown>>) => Promise<string>;

  before(async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    jwk = { ...(await exportJWK(publicKey)), kid: 'k1' };
    sign = (claims) =>
      new SignJWT({ iss: 'ramet', aud: 'ramet', ...claims })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'k1' })
        .setIssuedAt(NOW)
        .setExpirationTime(new Date(NOW.getTime() + 60_000))
        .sign(privateKey);
  });

  it('is refused once any of it has changed', async () => {
    const random = seeded(9_068);
    const token = await sign(CLAIMS);
    assert.equal((await judged(`Bearer ${token}`, [jwk])).id, 'usr_1');
    for (let round = 0; round < ROUNDS; round += 1) {
      const other = mutated(random, Buffer.from(token)).toString('latin1');
      if (other === token) continue;
      assert.equal(await refusal(`Bearer ${other}`, [jwk]), 'TOKEN_INVALID', other);
    }
  });

  it('is refused, or says who, whatever type its claims are of', async () => {
    for (const claims of [CLAIMS, WORKLOAD, BOUND]) {
      for (const name of Object.keys(claims)) {
        for (const value of ODD) {
          const header = `Bearer ${await sign({ ...claims, [name]: value })}`;
          const caller = await judged(header, [jwk]).catch((thrown: unknown) => reasonOf(thrown));
          if (caller !== 'TOKEN_INVALID') assertWhole(caller as Caller);
        }
      }
    }
  });

  it('is refused when it is noise, however long', async () => {
    const random = seeded(6_750);
    for (let round = 0; round < ROUNDS; round += 1) {
      const noise = randomBytes(random, below(random, 200)).toString('latin1');
      assert.equal(await refusal(noise, [jwk]), 'TOKEN_INVALID');
    }
    for (const text of ['a', '.', 'a.', '=', '-', ' ', 'Bearer ', '\0']) {
      const start = process.cpuUsage();
      assert.equal(await refusal(`Bearer ${text.repeat(16_384)}`, [jwk]), 'TOKEN_INVALID');
      assert.ok(busyMs(start) < 500);
    }
  });

  it('is verified with the good keys of the issuer, whatever the others are', async () => {
    const random = seeded(7_517);
    const header = `Bearer ${await sign(CLAIMS)}`;
    const { x = '', ...rest } = jwk;
    for (let round = 0; round < 60; round += 1) {
      const odd = mutated(random, Buffer.from(x)).toString('latin1');
      const other = oneOf<Jwk>(random, [
        { ...rest, kid: 'k0', x: odd },
        { ...rest, kid: 'k0' },
        { ...jwk, kid: 'k0', use: 'enc', key_ops: ['encrypt'] },
        { kid: 'k0', kty: 'OKP', crv: 'Ed25519', x: 7 } as unknown as Jwk,
        { kid: 'k0', kty: 'RSA', n: odd, e: 'AQAB' },
        {} as Jwk,
      ]);
      assert.equal((await judged(header, [other, jwk])).id, 'usr_1');
    }
  });
});

describe('the names in a certificate', () => {
  it('are those of a service exactly as it is written', () => {
    const random = seeded(509);
    const good = 'URI:spiffe://ramet.dev/svc/keys';
    assert.equal(serviceIn(good, 'ramet.dev'), 'keys');
    for (let round = 0; round < 5_000; round += 1) {
      const names = mutated(random, Buffer.from(`DNS:keys, ${good}`)).toString('latin1');
      const service = serviceIn(names, 'ramet.dev');
      if (service === undefined) continue;
      assert.match(service, /^[a-z][a-z0-9-]{0,62}$/);
      const whole = `URI:spiffe://ramet.dev/svc/${service}`;
      assert.deepEqual(
        names.split(', ').filter((name) => name.startsWith('URI:')),
        [whole],
      );
    }
    const start = process.cpuUsage();
    for (const text of [', ', ', URI:', 'URI:spiffe://ramet.dev/svc/a', '"']) {
      assert.equal(serviceIn(text.repeat(5_000), 'ramet.dev'), undefined);
    }
    assert.ok(busyMs(start) < 500);
  });
});

describe('the details of an error', () => {
  it('are read whole, or as absent, whatever a peer sends', () => {
    const random = seeded(193);
    const details = {
      ...{ reason: 'KEY_NOT_FOUND', metadata: { key: 'key_1' }, retryAfterMs: 5 },
      ...{ violations: [{ field: 'a', description: 'b' }], preconditions: [], quotas: [] },
      ...{ resource: { kind: 'key', id: 'key_1' }, correlationId: 'c', traceId: 't' },
    };
    const bytes = encodeStatus(5, 'not there', details);
    assert.equal(receivedWith(bytes).reason, 'KEY_NOT_FOUND');
    for (let round = 0; round < 5_000; round += 1) {
      const isNoise = round % 10 === 0;
      const other = isNoise ? randomBytes(random, below(random, 99)) : mutated(random, bytes);
      const { code, reason, violations } = receivedWith(other);
      assert.equal(code, 'NOT_FOUND');
      assert.equal(typeof reason, 'string');
      assert.ok(Array.isArray(violations));
    }
  });
});

function receivedWith(bytes: Buffer): RemoteError {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', bytes);
  return toRemoteError('/a/B', { code: status.NOT_FOUND, details: 'not there', metadata });
}

function judged(header: string, keys: readonly Jwk[]): Promise<Caller> {
  const clock = { ...machineClock, now: () => NOW };
  const options = { issuer: 'ramet', audience: 'ramet', keys: async () => keys, clock };
  const metadata: CallMetadata = { get: (name) => (name === 'authorization' ? header : undefined) };
  return Promise.resolve(createVerifier(options)(metadata));
}

async function refusal(header: string, keys: readonly Jwk[]): Promise<string> {
  try {
    return (await judged(header, keys)).id;
  } catch (thrown) {
    return reasonOf(thrown);
  }
}

function reasonOf(thrown: unknown): string {
  assert.ok(thrown instanceof PublicError, String(thrown));
  return thrown.reason;
}

/** What a caller is said to be has the types that it says, whatever the token had. */
function assertWhole({ kind, id, tokenId, scopes, version, workload, binding }: Caller): void {
  assert.match(kind, /^(user|service|workload)$/);
  assert.ok(typeof id === 'string' && id !== '' && id.length <= 128);
  assert.equal(typeof tokenId, 'string');
  for (const scope of scopes ?? []) assert.equal(typeof scope, 'string');
  assert.ok(version === undefined || Number.isSafeInteger(version));
  for (const part of Object.values(workload ?? {})) assert.match(typeof part, /^(string|number)$/);
  for (const part of Object.values(binding ?? {})) assert.equal(typeof part, 'string');
}

/** How long this process has worked since then: what waits for a busy machine is no work. */
function busyMs(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
