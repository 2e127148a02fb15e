// Goal: a token says who shows it, ends soon, and cannot be made by anybody else.
// Method: the real service; a clock that the test moves; lifecycle played by a set of live epochs.

import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { openDatabase } from '@ramet/database';
import { unavailable } from '@ramet/errors';
import { systemClock, systemIds } from '@ramet/service';
import { makeApiKey } from './domain/api-key.js';
import type { Outside } from './outside.js';
import { FIRST, type House, openHouse } from './test-house.js';
import type { TestUser } from './testing.js';

const WORKLOAD = {
  cloneId: `cln_${'0'.repeat(26)}`,
  executionId: `exe_${'0'.repeat(26)}`,
  epoch: 7,
};
const OWNER_ID = `usr_${'7'.repeat(26)}`;
const MINUTE_MS = 60_000;

describe('tokens', () => {
  const world: World = { offsetMs: 0, lifecycleIsAway: false, live: new Set() };
  let house: House;
  let ada: TestUser;

  before(async () => {
    house = await openHouse({ outside: outsideOf(world) });
    ada = await house.teams.createUser('ada');
  });
  after(() => house[Symbol.asyncDispose]());
  afterEach(() => {
    Object.assign(world, { offsetMs: 0, lifecycleIsAway: false });
    world.live.clear();
  });

  it('are made of the API keys of users and services, for as long as is set', async () => {
    const { tokens } = house.as('');
    const made = await tokens.exchangeToken({ apiKey: ada.apiKey });
    const own = await tokens.exchangeToken({ apiKey: house.teams.serviceKey('lifecycle') });

    assert.deepEqual(made.expiresIn, { seconds: 3_600n, nanos: 0 });
    const { iss, aud, sub, kind, adm, iat, exp } = claimsOf(made.token);
    assert.deepEqual(
      { iss, aud, sub, kind, adm },
      { iss: 'ramet', aud: 'ramet', sub: ada.id, kind: 'user', adm: false },
    );
    assert.equal(Number(exp) - Number(iat), 3_600);
    assert.equal(made.expireTime?.getTime(), Number(exp) * 1_000);
    assert.equal(claimsOf(own.token).kind, 'service');
    assert.equal(claimsOf(own.token).sub, 'lifecycle');
  });

  it('can be verified with what is published, and nothing private is', async () => {
    const { keys } = await house.as('').tokens.listVerificationKeys({});
    const [key] = keys;
    assert.ok(key);
    const jwk: Record<string, unknown> = JSON.parse(key.jwk);
    assert.equal(headerOf(ada.token).kid, key.id);
    assert.equal(jwk.crv, 'Ed25519');
    assert.equal('d' in jwk, false);
  });

  it('are refused for what is not a key, and why is not told', async () => {
    const users = house.as(ada.token).users;
    const wish = { requestId: '', userId: '', name: 'short', expireTime: undefined, scopes: [] };
    const revoked = await users.createApiKey(wish);
    await users.revokeApiKey({ id: revoked.apiKey?.id ?? '' });
    const expired = await users.createApiKey(wish);
    await expireApiKey(house, expired.apiKey?.id);

    const { tokens } = house.as('');
    const unknown = makeApiKey('user', (count) => systemIds.bytes(count));
    const bad = [revoked.secret, expired.secret, unknown, 'x', 'é', `${ada.apiKey} `];
    const errors = await Promise.all(
      bad.map((apiKey) => tokens.exchangeToken({ apiKey }).catch((thrown: Error) => thrown)),
    );

    const words = errors.map((error) => {
      assert.ok(error instanceof Error && 'reason' in error && 'code' in error);
      return [error.code, error.reason, error.message].join();
    });
    assert.deepEqual(
      [...new Set(words)],
      ['UNAUTHENTICATED,CREDENTIAL_INVALID,the credential is not valid'],
    );
  });

  it('are made of keys of which is shown when that was last', async () => {
    const { users } = house.as(ada.token);
    const wish = { requestId: '', userId: '', name: 'used', expireTime: undefined, scopes: [] };
    const { apiKey, secret } = await users.createApiKey(wish);
    const shown = async () => {
      const { apiKeys } = await users.listApiKeys({ userId: '', pageSize: 1_000, pageToken: '' });
      return apiKeys.find(({ id }) => id === apiKey?.id)?.lastUsedTime;
    };
    assert.equal(await shown(), undefined);
    await house.as('').tokens.exchangeToken({ apiKey: secret });
    let lastUsed = await shown();
    while (!lastUsed) lastUsed = await shown();
    assert.ok(Math.abs(lastUsed.getTime() - Date.now()) < 60_000);
  });

  it('end by themselves', async () => {
    const api = house.as(await house.teams.sign({ kind: 'user', id: ada.id, admin: false }));
    await api.users.getUser({ id: '' });
    world.offsetMs = 61 * MINUTE_MS;

    await assert.rejects(api.users.getUser({ id: '' }), {
      code: 'UNAUTHENTICATED',
      reason: 'TOKEN_EXPIRED',
    });
  });

  it('cannot be forged', async () => {
    const { keys } = await house.as('').tokens.listVerificationKeys({});
    const forgeries = forgeriesOf(ada.token, keys[0]?.jwk ?? '');
    for (const [what, token] of Object.entries(forgeries)) {
      const call = house.as(token).users.getUser({ id: '' });
      await assert.rejects(call, { code: 'UNAUTHENTICATED', reason: 'TOKEN_INVALID' }, what);
    }
  });

  it('of a workload are minted for the executor, and renewed while the epoch lives', async () => {
    const { access } = await house.asService('executor');
    const { token } = await access.mintWorkloadToken(WORKLOAD);
    const { workloads } = house.as(token);

    world.live.add(7);
    const renewed = await workloads.renewWorkloadToken({});

    const { sub, kind, cln, exe, epo } = claimsOf(renewed.token);
    assert.deepEqual(
      { sub, kind, cln, exe, epo },
      {
        sub: WORKLOAD.executionId,
        kind: 'workload',
        cln: WORKLOAD.cloneId,
        exe: WORKLOAD.executionId,
        epo: 7,
      },
    );
    assert.notEqual(claimsOf(renewed.token).jti, claimsOf(token).jti);
  });

  it('of a workload are minted for nobody else (T27)', async () => {
    const callers = await Promise.all([
      ...['keys', 'lifecycle', 'teams'].map((name) => house.asService(name)),
      house.asAdmin(),
      house.as(ada.token),
    ]);
    for (const { access } of callers) {
      await assert.rejects(access.mintWorkloadToken(WORKLOAD), { reason: 'PERMISSION_DENIED' });
    }
    const { access } = house.as('');
    await assert.rejects(access.mintWorkloadToken(WORKLOAD), { reason: 'TOKEN_MISSING' });
  });

  it('of a workload are not renewed once the epoch is over', async () => {
    const { workloads } = house.as(await house.teams.workloadToken(WORKLOAD));
    await assert.rejects(workloads.renewWorkloadToken({}), {
      code: 'ABORTED',
      reason: 'EPOCH_STALE',
    });
  });

  it('of a workload wait for lifecycle while it is away', async () => {
    const { workloads } = house.as(await house.teams.workloadToken(WORKLOAD));
    world.lifecycleIsAway = true;
    await assert.rejects(workloads.renewWorkloadToken({}), {
      code: 'UNAVAILABLE',
      reason: 'PEER_UNAVAILABLE',
      retryAfterMs: 1_000,
    });
  });

  it('of a workload open nothing else', async () => {
    const api = house.as(await house.teams.workloadToken(WORKLOAD));
    const calls = [
      api.users.getUser({ id: '' }),
      api.teams.listTeams({ ...FIRST, all: false }),
      api.access.mintWorkloadToken(WORKLOAD),
      api.access.listMemberships({ userId: ada.id }),
    ];
    const denied = { reason: 'PERMISSION_DENIED' };
    await Promise.all(calls.map((call) => assert.rejects(call, denied)));
  });
});

describe('the tokens of one owner', () => {
  const world: World = { offsetMs: 0, lifecycleIsAway: false, live: new Set([7]) };
  const BURST = 40;
  let house: House;

  before(async () => {
    const rate = { rateLimit: 1, rateBurst: BURST };
    house = await openHouse({ outside: outsideOf(world), rate });
  });
  after(() => house[Symbol.asyncDispose]());

  it('are held to a rate though others show the refresh tokens', async () => {
    const { id, apiKey } = await house.teams.createUser('ada');
    const others = [await house.teams.createUser('bob'), await house.teams.createUser('eve')];
    const credential = { $case: 'apiKey', value: apiKey } as const;
    let { refreshToken } = await house.as('').tokens.logIn({ credential });

    const refused: unknown[] = [];
    for (const { token } of others) {
      const { tokens } = house.as(token);
      for (let count = 0; count < BURST - 5; count += 1) {
        const next = await tokens.refreshToken({ refreshToken }).catch((thrown) => thrown);
        if (next.reason) refused.push([next.reason, next.metadata.caller]);
        else ({ refreshToken } = next);
      }
    }
    assert.deepEqual(refused[0], ['RATE_LIMITED', id]);
  });

  it('are held to a rate though many of its executions renew theirs, and its own stay', async () => {
    const { id, apiKey } = await house.teams.createUser('eva');
    world.ownerId = id;
    const refused: unknown[] = [];
    for (const digit of '123456789abc') {
      const told = await renewals(`exe_${digit.repeat(26)}`, 5);
      refused.push(...told.filter((each) => each !== 'ok'));
    }
    assert.deepEqual(refused[0], ['RATE_LIMITED', id]);
    await house.as('').tokens.exchangeToken({ apiKey });
  });

  it('are held to a few of one execution, before lifecycle is asked', async () => {
    world.asked = 0;
    world.ownerId = `usr_${'e'.repeat(26)}`;
    const executionId = `exe_${'e'.repeat(26)}`;
    const told = await renewals(executionId, 12);
    assert.deepEqual(told.slice(0, 5), Array(5).fill('ok'));
    assert.deepEqual(told[5], ['RATE_LIMITED', executionId]);
    assert.equal(world.asked, told.filter((each) => each === 'ok').length);
  });

  /** What comes of renewing the token of an execution so often. */
  async function renewals(executionId: string, times: number): Promise<unknown[]> {
    const { workloads } = house.as(await house.teams.workloadToken({ ...WORKLOAD, executionId }));
    const told: unknown[] = [];
    for (let count = 0; count < times; count += 1) {
      told.push(
        await workloads.renewWorkloadToken({}).then(
          () => 'ok',
          ({ reason, metadata }) => [reason, metadata.caller],
        ),
      );
    }
    return told;
  }
});

interface World {
  offsetMs: number;
  lifecycleIsAway: boolean;
  readonly live: Set<number>;
  /** Whose the live ones are. */
  ownerId?: string;
  /** How often lifecycle was asked. */
  asked?: number;
}

function outsideOf(world: World): Partial<Outside> {
  return {
    clock: { ...systemClock, now: () => new Date(Date.now() + world.offsetMs) },
    connectLifecycle: () => ({
      async ownerOfLive({ epoch }) {
        if (world.lifecycleIsAway) throw unavailable('lifecycle');
        world.asked = (world.asked ?? 0) + 1;
        return world.live.has(epoch) ? (world.ownerId ?? OWNER_ID) : undefined;
      },
      [Symbol.asyncDispose]: async () => undefined,
    }),
  };
}

/** Tokens that look like the real one, and are not. */
function forgeriesOf(token: string, jwk: string): Readonly<Record<string, string>> {
  const [head = '', body = '', signature = ''] = token.split('.');
  const header = headerOf(token);
  const claims = claimsOf(token);
  const { privateKey } = generateKeyPairSync('ed25519');
  const signed = (more: object, key: KeyObject = privateKey): string => {
    const text = `${encode({ ...header, ...more })}.${body}`;
    return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
  };
  const hmacText = `${encode({ ...header, alg: 'HS256' })}.${body}`;
  const hmac = createHmac('sha256', jwk).update(hmacText).digest('base64url');
  const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  return {
    'another key under our id': signed({}),
    'another key that comes along': signed({ jwk: other }),
    'a key from elsewhere': signed({ kid: 'elsewhere', jku: 'https://example.org/keys' }),
    'no signature at all': `${encode({ ...header, alg: 'none' })}.${body}.`,
    'the public key as a secret': `${hmacText}.${hmac}`,
    'other claims': `${head}.${encode({ ...claims, adm: true })}.${signature}`,
    'another type': `${encode({ ...header, typ: 'JWT' })}.${body}.${signature}`,
    'a cut signature': token.slice(0, -2),
    'no token': 'x',
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function headerOf(token: string): Record<string, unknown> {
  return partOf(token, 0);
}

function claimsOf(token: string): Record<string, unknown> {
  return partOf(token, 1);
}

function partOf(token: string, place: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[place] ?? '', 'base64url').toString());
}

async function expireApiKey({ databaseUrl: url }: House, id = ''): Promise<void> {
  await using db = await openDatabase({ url, schema: 'teams', application: 'test' });
  await db.query('update api_key set expires_at = ramet_now() where id = $1', [id]);
}
