import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PublicError } from '@ramet/errors';
import type { AuditRecord } from './audit.js';
import type { Call } from './call.js';
import { connect } from './connect.js';
import { implement } from './implement.js';
import { type EchoRequest, echoService, testContract } from './test-contract.js';
import { type LoggedLine, recording, rejection, startTestServer } from './test-server.js';

const AS_USER = { metadata: { caller: 'user:usr_1' } };
const ECHO = '/test.v1.EchoService/Echo';

describe('a served call', () => {
  it('is answered', async () => {
    await using server = await startTestServer();
    await using client = connect(echoService(), server.address);
    assert.equal((await client.echo({ text: 'hello' }, AS_USER)).text, 'hello');
  });

  it('streams its responses', async () => {
    await using server = await startTestServer();
    await using client = connect(echoService(), server.address);
    const seen: string[] = [];
    for await (const { text } of client.count({})) seen.push(text);
    assert.deepEqual(seen, ['1', '2', '3']);
  });

  it('is answered with bytes that are encoded already', async () => {
    const encoded = echoService().echo.responseSerialize({ text: 'made before' });
    await using server = await startTestServer({ echo: async () => encoded });
    await using client = connect(echoService(), server.address);
    assert.equal((await client.echo({}, AS_USER)).text, 'made before');
  });

  it('goes through a unix socket', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rpc-'));
    try {
      await using server = await startTestServer({}, { host: `unix:${directory}/s` });
      await using client = connect(echoService(), server.address);
      assert.equal((await client.echo({ text: 'near' }, AS_USER)).text, 'near');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('knows its caller, its deadline, its metadata and what it belongs to', async () => {
    const calls: Call[] = [];
    await using server = await startTestServer(recording(calls));
    await using client = connect(echoService(), server.address);
    const before = Date.now();

    const metadata = { caller: 'user:usr_1', 'x-correlation-id': 'cor-7' };
    await client.echo({}, { timeoutMs: 5_000, metadata });

    const [call] = calls;
    assert.ok(call);
    assert.equal(call.caller.id, 'usr_1');
    assert.equal(call.correlationId, 'cor-7');
    assert.equal(call.metadata.get('caller'), 'user:usr_1');
    assert.equal(call.metadata.get('absent'), undefined);
    const left = call.deadline.getTime() - before;
    assert.ok(left > 4_000 && left < 6_000, `${left}`);
  });

  it('is refused to who may not make it', async () => {
    await using server = await startTestServer();
    await using client = connect(echoService(), server.address);
    const as = (caller: string) => ({ metadata: { caller } });

    await assert.rejects(client.echo({}), { code: 'UNAUTHENTICATED', reason: 'TOKEN_MISSING' });
    await assert.rejects(client.admin({}, AS_USER), { code: 'PERMISSION_DENIED' });
    await assert.rejects(client.mesh({}, as('service:teams')), { code: 'PERMISSION_DENIED' });
    await assert.rejects(client.run({}, AS_USER), { code: 'PERMISSION_DENIED' });
    await client.anyone({});
    await client.admin({}, as('user:admin'));
    await client.mesh({}, as('service:keys'));
    await client.run({}, as('workload:exe_1'));
  });

  it('is refused with everything that is wrong with it, before the handler sees it', async () => {
    const calls: Call[] = [];
    await using server = await startTestServer(recording(calls));
    await using client = connect(echoService(), server.address);
    const request: EchoRequest = { text: 'x'.repeat(11), items: [{ name: '' }], color: 9 };

    const error = await rejection(client.echo(request, AS_USER));

    assert.equal(error.code, 'INVALID_ARGUMENT');
    assert.equal(error.reason, 'REQUEST_INVALID');
    const fields = error.violations.map(({ field }) => field).sort();
    assert.deepEqual(fields, ['color', 'items[0].name', 'text']);
    assert.deepEqual(calls, []);
  });

  it('is told of to who keeps account of refusals, if it breaks a bound and its caller may ask', async () => {
    const told: unknown[] = [];
    const invalid = async (thrown: unknown, { text }: EchoRequest, { caller }: Call) => {
      told.push([(thrown as Error & { reason: string }).reason, text, caller.id]);
      if (text?.startsWith('unheard')) throw new PublicError('unavailable', 'AWAY', 'not noted');
    };
    await using server = await startTestServer({ invalid });
    await using client = connect(echoService(), server.address);
    const [long, unheard] = ['x'.repeat(11), `unheard${'x'.repeat(11)}`];

    await client.echo({ text: 'short' }, AS_USER);
    await assert.rejects(client.echo({ text: long }), { code: 'UNAUTHENTICATED' });
    await assert.rejects(client.echo({ text: long }, AS_USER), { reason: 'REQUEST_INVALID' });
    await assert.rejects(client.echo({ text: unheard }, AS_USER), { reason: 'AWAY' });

    assert.deepEqual(told, [
      ['REQUEST_INVALID', long, 'usr_1'],
      ['REQUEST_INVALID', unheard, 'usr_1'],
    ]);
  });

  it('says nothing of its request to who may not make it', async () => {
    await using server = await startTestServer();
    await using client = connect(echoService(), server.address);
    await assert.rejects(client.echo({ text: 'x'.repeat(11) }), { code: 'UNAUTHENTICATED' });
  });

  it('is refused when its bytes cannot be decoded', async () => {
    await using server = await startTestServer();
    const { echo } = echoService();
    const raw = { ...echo, requestSerialize: () => Buffer.from([0x0a, 0x7f, 1]) };
    await using client = connect({ echo: raw }, server.address);
    const error = await rejection(client.echo({}, AS_USER));
    assert.equal(error.code, 'INVALID_ARGUMENT');
    assert.deepEqual(error.violations, [{ field: 'text', description: 'cannot be decoded' }]);
  });

  it('is refused when its message is over the limit', async () => {
    const lines: LoggedLine[] = [];
    await using server = await startTestServer({}, { lines, limits: { maxMessageBytes: 1_000 } });
    await using client = connect(echoService(), server.address);
    const error = await rejection(client.echo({ text: 'x'.repeat(2_000) }, AS_USER));
    assert.equal(error.code, 'RESOURCE_EXHAUSTED');
    assert.equal(error.reason, 'MESSAGE_TOO_LARGE');
    assert.match(error.traceId, /^[0-9a-f]{32}$/);
    assert.equal(lines[0]?.fields.reason, 'MESSAGE_TOO_LARGE');
  });

  it('leaves one line in the log if it fails, and none otherwise', async () => {
    const lines: LoggedLine[] = [];
    await using server = await startTestServer({}, { lines });
    await using client = connect(echoService(), server.address);
    await client.echo({}, AS_USER);
    const error = await rejection(client.admin({}, AS_USER));

    const [line, ...others] = lines;
    assert.deepEqual(others, []);
    assert.equal(line?.level, 'info');
    assert.equal(line?.fields.code, 'PERMISSION_DENIED');
    assert.equal(line?.fields.caller, 'user:usr_1');
    assert.equal(line?.fields.trace_id, error.traceId);
  });

  it('is kept by the audit as its rule asks', async () => {
    const records: AuditRecord[] = [];
    const { rules, descriptorSet } = testContract();
    const audited = new Map(rules);
    for (const [path, audit] of [
      [ECHO, 'write'],
      ['/test.v1.EchoService/Admin', 'read'],
    ] as const) {
      const rule = rules.get(path);
      if (rule) audited.set(path, { ...rule, audit });
    }
    await using server = await startTestServer(
      {},
      { contract: { descriptorSet, rules: audited }, audit: (record) => records.push(record) },
    );
    await using client = connect(echoService(), server.address);

    await client.echo({}, AS_USER);
    await client.admin({}, { metadata: { caller: 'user:admin' } });
    await client.anyone({});
    await assert.rejects(client.admin({}, AS_USER));

    const kept = records.map(({ method, code, caller }) => [method, code, caller.id]);
    assert.deepEqual(kept, [
      [ECHO, 'OK', 'usr_1'],
      ['/test.v1.EchoService/Admin', 'PERMISSION_DENIED', 'usr_1'],
    ]);
  });
});

describe('serve', () => {
  it('refuses to start with a method that has no rule', async () => {
    const { rules, descriptorSet } = testContract();
    const fewer = new Map([...rules].filter(([path]) => path !== ECHO));
    const contract = { descriptorSet, rules: fewer };
    await assert.rejects(startTestServer({}, { contract }), /no permission is declared.*Echo/);
  });

  it('refuses to start with a method that the contract does not know', async () => {
    const { echo } = echoService();
    const unknown = { echo: { ...echo, path: '/test.v1.EchoService/Other' } };
    const rules = new Map(testContract().rules);
    const rule = rules.get(ECHO);
    if (rule) rules.set('/test.v1.EchoService/Other', rule);
    const services = [implement(unknown, { echo: async () => ({ text: '' }) })];
    const contract = { ...testContract(), rules };
    await assert.rejects(startTestServer({}, { services, contract }), /has no method/);
  });

  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.0.0.1.example.com']) {
    it(`refuses to serve plaintext on ${host}`, async () => {
      await assert.rejects(startTestServer({}, { host }), /plaintext is for loopback only/);
    });
  }

  it('refuses a socket whose path would be cut off', async () => {
    const host = `unix:/tmp/${'x'.repeat(103)}`;
    await assert.rejects(startTestServer({}, { host }), /at most 107 bytes, not 108/);
  });
});
