import assert from 'node:assert/strict';
import { type Counter, metrics } from '@opentelemetry/api';
import { PublicError } from '@ramet/errors';
import type { AuditRecord } from './audit.js';
import { connect } from './connect.js';
import { Health } from './health.js';
import type { AnyMethod } from './method.js';
import { type Clock, machineClock } from './ports.js';
import type { RemoteError } from './remote-error.js';
import type { ServeOptions } from './serve.js';
import { echoService, testContract } from './test-contract.js';
import { type LoggedLine, rejection, startTestServer, type TestHandlers } from './test-server.js';
import { hostOf, ownerCharge, peerKey, type ThrottlePolicy, throttlePolicy } from './throttle.js';

const POLICY: ThrottlePolicy = { callers: { perSecond: 10, burst: 3 } };
const as = (caller: string) => ({ metadata: { caller } });
const USER = as('user:usr_1');
const ECHO = '/test.v1.EchoService/Echo';

describe('a throttled server', () => {
  it('refuses what comes after the burst, and says how long to wait', async () => {
    await using mesh = await startThrottled();
    await mesh.exhaust();

    const error = await mesh.refused();

    assert.equal(error.code, 'RESOURCE_EXHAUSTED');
    assert.equal(error.reason, 'RATE_LIMITED');
    assert.equal(error.retryAfterMs, 100);
    assert.deepEqual(error.metadata, { limit: '10', per: 'second', caller: 'user:usr_1' });
    assert.equal(error.quotas[0]?.subject, 'user:usr_1');
  });

  it('lets in again after the wait, and not before', async () => {
    await using mesh = await startThrottled();
    await mesh.exhaust();
    const { retryAfterMs = 0 } = await mesh.refused();

    mesh.advance(retryAfterMs - 1);
    assert.equal((await mesh.refused()).retryAfterMs, 1);
    mesh.advance(1);

    await mesh.client.echo({}, USER);
  });

  it('lets in whom others have left alone', async () => {
    await using mesh = await startThrottled();
    await mesh.exhaust();
    await mesh.client.echo({}, as('user:usr_2'));
    await mesh.client.run({}, as('workload:usr_1'));
    await mesh.client.anyone({});
  });

  it('holds no service of the mesh to the rate of users', async () => {
    await using mesh = await startThrottled();
    for (let call = 0; call < 20; call += 1) await mesh.client.echo({}, as('service:lifecycle'));
  });

  it('holds services to a rate of their own, if there is one', async () => {
    await using mesh = await startThrottled({
      policy: { ...POLICY, services: { perSecond: 10, burst: 5 } },
    });
    for (let call = 0; call < 5; call += 1) await mesh.client.echo({}, as('service:lifecycle'));
    const error = await rejection(mesh.client.echo({}, as('service:lifecycle')));
    assert.equal(error.metadata.caller, 'service:lifecycle');
  });

  it('takes those without a token from one address for one caller', async () => {
    await using mesh = await startThrottled();
    await using other = connect(echoService(), mesh.address);
    for (let call = 0; call < 3; call += 1) await mesh.client.anyone({});
    const error = await rejection(other.anyone({}));
    assert.equal(error.metadata.caller, 'anonymous:127.0.0.1');
  });

  it('charges bad tokens to their address, apart from those without', async () => {
    const authenticate = async () => {
      throw new PublicError('unauthenticated', 'TOKEN_INVALID', 'no good');
    };
    await using mesh = await startThrottled({ server: { authenticate } });
    const reasons: string[] = [];
    for (let call = 0; call < 4; call += 1) {
      reasons.push((await rejection(mesh.client.anyone({}))).reason);
    }
    assert.deepEqual(reasons, [...Array(3).fill('TOKEN_INVALID'), 'RATE_LIMITED']);
  });

  it('charges refused calls, and asks for the rate before it looks at the request', async () => {
    await using mesh = await startThrottled();
    const bad = { text: 'x'.repeat(11) };
    for (let call = 0; call < 3; call += 1) {
      await assert.rejects(mesh.client.echo(bad, USER), { code: 'INVALID_ARGUMENT' });
    }
    await assert.rejects(mesh.client.echo(bad, USER), { reason: 'RATE_LIMITED' });
    await assert.rejects(mesh.client.admin({}, USER), { reason: 'RATE_LIMITED' });
  });

  it('takes twice as much for what changes something', async () => {
    await using mesh = await startThrottled({ audit: 'write' });
    await mesh.client.echo({}, USER);
    assert.equal((await mesh.refused()).retryAfterMs, 100);
    await mesh.client.count({}, USER).next();
  });

  it('takes what the policy says for a method', async () => {
    await using mesh = await startThrottled({ policy: { ...POLICY, costs: new Map([[ECHO, 3]]) } });
    await mesh.client.echo({}, USER);
    assert.equal((await mesh.refused()).retryAfterMs, 300);
  });

  it('charges streams at their start, once', async () => {
    await using mesh = await startThrottled();
    const seen: string[] = [];
    for await (const { text } of mesh.client.count({}, USER)) seen.push(text);
    assert.equal(seen.length, 3);
    await mesh.client.upload(requests(10), USER);
    await mesh.client.echo({}, USER);
    await assert.rejects(mesh.client.upload(requests(1), USER), { reason: 'RATE_LIMITED' });
    await assert.rejects(mesh.client.count({}, USER).next(), { reason: 'RATE_LIMITED' });
  });

  it('answers for its health, however often it is asked', async () => {
    await using mesh = await startThrottled();
    const { check } = new Health([]).implemented.definition as { check: AnyMethod };
    const unary = { check: { ...check, requestStream: false, responseStream: false } as const };
    await using client = connect(unary, mesh.address);
    for (let call = 0; call < 20; call += 1) await client.check({ service: '' });
  });

  it('tells the log and the audit of a flood once', async () => {
    await using mesh = await startThrottled({ audit: 'write' });
    await mesh.client.echo({}, USER);
    for (let call = 0; call < 50; call += 1) await mesh.refused();

    const loud = mesh.lines.filter(({ level }) => level !== 'debug');
    assert.deepEqual(
      loud.map(({ message, fields }) => [message, fields.reason, fields.caller]),
      [['call failed', 'RATE_LIMITED', 'user:usr_1']],
    );
    assert.deepEqual(
      mesh.records.map(({ reason }) => reason),
      ['', 'RATE_LIMITED'],
    );
  });

  it('is not asked again by its clients of their own accord', async () => {
    await using mesh = await startThrottled();
    await mesh.exhaust();
    const before = mesh.calls();
    await mesh.refused();
    mesh.advance(100);
    await mesh.client.echo({}, USER);
    assert.equal(mesh.calls() - before, 1, 'a repetition would have come through later');
    assert.equal(mesh.lines.length, 1);
  });

  it('counts what it has refused, by method and kind of caller', async () => {
    const counted: unknown[] = [];
    using _ = countingWith({ add: (...given) => counted.push(given) });
    await using mesh = await startThrottled();
    await mesh.exhaust();
    await mesh.refused();

    const labels = {
      'rpc.system': 'grpc',
      'rpc.service': 'test.v1.EchoService',
      'rpc.method': 'Echo',
      'ramet.caller_kind': 'user',
    };
    assert.deepEqual(counted, [[1, labels]]);
  });
});

describe('the policy of a service', () => {
  it('is none if its limit is 0 or not given', () => {
    assert.equal(throttlePolicy({ rateLimit: 0, rateBurst: 200 }), undefined);
    assert.equal(throttlePolicy({}), undefined);
  });

  it('holds callers to the limit', () => {
    const { callers } = throttlePolicy({ rateLimit: 50, rateBurst: 200 }) ?? {};
    assert.deepEqual(callers, { perSecond: 50, burst: 200 });
  });
});

describe('the charge of an owner', () => {
  const clock = { elapsed: () => 0 };

  it('holds each owner to the rate of one caller', () => {
    const charge = ownerCharge({ rateLimit: 1, rateBurst: 2 }, clock);
    charge('usr_1');
    charge('usr_1');
    assert.throws(() => charge('usr_1'), { reason: 'RATE_LIMITED' });
    charge('tem_1');
  });

  it('holds nobody where there is no limit', () => {
    const charge = ownerCharge({}, clock);
    for (let n = 0; n < 1_000; n += 1) charge('usr_1');
  });
});

describe('the key of a peer', () => {
  const PEERS: readonly (readonly [string, string])[] = [
    ['127.0.0.1:4711', '127.0.0.1'],
    ['203.0.113.9:80', '203.0.113.9'],
    ['::ffff:203.0.113.9:80', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6:80', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff:4:5:6:80', '2001:db8:1:2::/64'],
    ['2001:db8::7:80', '2001:db8:0:0::/64'],
    ['2001:db8:0:9::7:80', '2001:db8:0:9::/64'],
    ['fe80::1%eth0:80', 'fe80:0:0:0::/64'],
    ['::1:80', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
  ];
  for (const [peer, key] of PEERS) {
    it(`of ${peer} is ${key}`, () => assert.equal(peerKey(peer), key));
  }
});

describe('the address of a peer', () => {
  const PEERS: readonly (readonly [string, string])[] = [
    ['127.0.0.1:4711', '127.0.0.1'],
    ['::ffff:203.0.113.9:80', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6:80', '2001:db8:1:2:3:4:5:6'],
    ['2001:db8::7:80', '2001:db8::7'],
  ];
  for (const [peer, address] of PEERS) {
    it(`of ${peer} is ${address}, whole`, () => assert.equal(hostOf(peer), address));
  }
});

interface Given {
  readonly policy?: ThrottlePolicy;
  /** What the audit keeps of Echo. */
  readonly audit?: 'write';
  readonly server?: Partial<ServeOptions>;
}

/** A throttled server whose time passes when a test says so, and a client of it. */
async function startThrottled({ policy = POLICY, audit, server = {} }: Given = {}) {
  const lines: LoggedLine[] = [];
  const records: AuditRecord[] = [];
  let calls = 0;
  let ms = 5_000;
  const clock: Clock = { ...machineClock, elapsed: () => ms };
  const handlers: TestHandlers = {
    async echo() {
      calls += 1;
      return { text: '' };
    },
  };
  const running = await startTestServer(handlers, {
    ...{ lines, clock, throttle: policy, contract: contractWith(audit) },
    audit: (record) => records.push(record),
    ...server,
  });
  const client = connect(echoService(), running.address, { contract: testContract() });
  return {
    ...{ lines, records, client, address: running.address },
    calls: () => calls,
    advance: (by: number) => {
      ms += by;
    },
    async exhaust(): Promise<void> {
      for (let call = 0; call < 3; call += 1) await client.echo({}, USER);
    },
    refused: (): Promise<RemoteError> => rejection(client.echo({}, USER)),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await running[Symbol.asyncDispose]();
    },
  };
}

function contractWith(audit: 'write' | undefined) {
  const { rules, descriptorSet } = testContract();
  const changed = new Map(rules);
  const rule = rules.get(ECHO);
  if (rule && audit) changed.set(ECHO, { ...rule, audit });
  return { descriptorSet, rules: changed };
}

async function* requests(count: number) {
  for (let sent = 0; sent < count; sent += 1) yield { text: String(sent) };
}

/** Takes the place of telemetry's counters until it is disposed of. */
function countingWith(counter: Counter): Disposable {
  const nothing = { record: () => undefined };
  const meter = { createCounter: () => counter, createHistogram: () => nothing };
  metrics.setGlobalMeterProvider({ getMeter: () => meter as never });
  return { [Symbol.dispose]: () => metrics.disable() };
}
