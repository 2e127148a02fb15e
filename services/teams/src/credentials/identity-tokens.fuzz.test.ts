// Goal: whatever an identity provider answers, and whatever is shown as its token, the token is proven,
// or it is not, or the provider is away. Nothing else is thrown, and nobody is proven by chance.
// Method: a provider of this test's own, whose configuration, keys and tokens seeded dice have changed.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PublicError } from '@ramet/errors';
import { systemClock } from '@ramet/service';
import { mutated, type Random, seeded } from '@ramet/test/random';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { IdentityProvider } from '../domain/identity-provider.js';
import { IdentityTokens } from './identity-tokens.js';

const ROUNDS = 80;
const AUDIENCE = 'ramet';
const ODD = [null, 0, 2 ** 60, '', '\0', '\ud800', [], {}, true, 'a'.repeat(9_000)];

describe('a provider whose answers are odd', () => {
  let server: Server;
  let issuer: string;
  let jwk: JWK;
  let sign: (claims: Readonly<Record<string, unknown>>, typ?: string) => Promise<string>;
  let asked = 0;
  let configuration: Buffer;
  let keys: Buffer;

  before(async () => {
    const pair = await generateKeyPair('EdDSA', { extractable: true });
    jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'EdDSA', use: 'sig' };
    server = createServer(({ url }, response) => {
      if (!url?.endsWith('/jwks')) asked += 1;
      response.end(url?.endsWith('/jwks') ? keys : configuration);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    sign = (claims, typ) => {
      const now = Math.floor(systemClock.now().getTime() / 1_000);
      const whole = { iss: issuer, aud: AUDIENCE, sub: 'ada', iat: now, exp: now + 60, ...claims };
      const header = { alg: 'EdDSA', kid: 'k1', ...(typ && { typ }) };
      return new SignJWT(whole).setProtectedHeader(header).sign(pair.privateKey);
    };
  });
  beforeEach(() => {
    configuration = Buffer.from(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }));
    keys = Buffer.from(JSON.stringify({ keys: [jwk] }));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('proves a token of its own', async () => {
    assert.equal(await outcome(await sign({})), 'ada');
  });

  for (const [typ, expected] of [
    ['JWT', 'ada'],
    ['application/jwt', 'ada'],
    ['at+jwt', undefined],
    ['logout+jwt', undefined],
  ] as const) {
    it(`proves ${expected ?? 'nothing'} by a token of the type ${typ}`, async () => {
      assert.equal(await outcome(await sign({}, typ)), expected);
    });
  }

  it('is asked once by all who come at once, and no more often when it is away', async () => {
    const token = await sign({});
    const times = Array.from({ length: 8 });
    for (const [found, whole] of [
      ['ada', configuration],
      ['PEER_UNAVAILABLE', Buffer.from('{}')],
    ] as const) {
      configuration = whole;
      asked = 0;
      const tokens = new IdentityTokens(systemClock);
      const all = await Promise.all(times.map(() => outcome(token, tokens)));
      all.push(await outcome(token, tokens));
      assert.deepEqual([new Set(all), asked], [new Set([found]), 1]);
    }
  });

  it('is away, or proves the same, when its configuration or keys were changed', async () => {
    const random = seeded(8_414);
    const token = await sign({});
    const [wholeConfiguration, wholeKeys] = [configuration, keys];
    for (let round = 0; round < ROUNDS; round += 1) {
      configuration = round % 2 ? mutated(random, wholeConfiguration) : wholeConfiguration;
      keys = round % 2 ? wholeKeys : mutated(random, wholeKeys);
      assert.match(String(await outcome(token)), /^(ada|undefined|PEER_UNAVAILABLE)$/);
    }
  });

  it('is away, or proves nothing, when its documents are of other types', async () => {
    const token = await sign({});
    const good = keys;
    for (const odd of [...ODD, [jwk], { keys: 7 }, { keys: [null] }, { keys: [[], 7, ''] }]) {
      configuration = Buffer.from(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }));
      keys = Buffer.from(JSON.stringify(odd));
      assert.match(String(await outcome(token)), /^(undefined|PEER_UNAVAILABLE)$/, keys.toString());
      keys = good;
      configuration = Buffer.from(JSON.stringify(odd));
      assert.equal(await outcome(token), 'PEER_UNAVAILABLE', configuration.toString());
      configuration = Buffer.from(JSON.stringify({ issuer, jwks_uri: odd }));
      assert.equal(await outcome(token), 'PEER_UNAVAILABLE', configuration.toString());
    }
  });

  it('is away when its key is none, and when there is too much of it', async () => {
    const token = await sign({});
    for (const x of ['', 'AA', 'a'.repeat(9_000), 7, null]) {
      keys = Buffer.from(JSON.stringify({ keys: [{ ...jwk, x }] }));
      assert.match(String(await outcome(token)), /^(undefined|PEER_UNAVAILABLE)$/, String(x));
    }
    keys = Buffer.from(JSON.stringify({ keys: [jwk], more: 'a'.repeat(300_000) }));
    assert.equal(await outcome(token), 'PEER_UNAVAILABLE');
  });

  it('proves no token that was changed, or whose claims are of other types', async () => {
    const random = seeded(7_519);
    const tokens = new IdentityTokens(systemClock);
    const token = await sign({});
    for (let round = 0; round < ROUNDS * 5; round += 1) {
      const other = mutated(random, Buffer.from(token)).toString('latin1');
      if (other !== token) assert.equal(await outcome(other, tokens), undefined, other);
    }
    for (const name of ['iss', 'aud', 'sub', 'iat', 'exp', 'nbf', 'azp', 'nonce']) {
      for (const value of ODD) {
        const found = await outcome(await sign({ [name]: value }), tokens, named(random));
        assert.match(String(found), /^(ada|undefined)$/, `${name} ${JSON.stringify(value)}`);
      }
    }
  });

  async function outcome(
    token: string,
    tokens = new IdentityTokens(systemClock),
    nonce?: string,
  ): Promise<string | undefined> {
    const provider: IdentityProvider = {
      ...{ id: 'idp_1', name: 'a', kind: 'people', issuer, audience: AUDIENCE, autoCreate: false },
      ...{ algorithms: ['EdDSA', 'RS256', 'ES256'], rules: [], revision: 1 },
      ...{ createdAt: new Date(0), updatedAt: new Date(0) },
    };
    try {
      return (await tokens.prove(provider, token, nonce))?.sub;
    } catch (thrown) {
      assert.ok(thrown instanceof PublicError, String(thrown));
      return thrown.reason;
    }
  }
});

function named(random: Random): string | undefined {
  return random() < 0.5 ? undefined : 'a nonce';
}
