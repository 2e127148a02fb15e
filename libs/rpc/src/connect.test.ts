import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpanKind } from '@opentelemetry/api';
import { PublicError, unavailable } from '@ramet/errors';
import type { Call } from './call.js';
import { type ConnectOptions, connect } from './connect.js';
import { currentCorrelationId, detached } from './context.js';
import type { RunningServer } from './serve.js';
import { echoService, testContract } from './test-contract.js';
import { startTestServer, type TestHandlers } from './test-server.js';
import { startTestTracing } from './test-tracing.js';

const AS_USER = { metadata: { caller: 'user:usr_1' } };

describe('a client', () => {
  it('shows its token and whom it acts for, a call’s own before the connection’s', async () => {
    const seen: (readonly (string | undefined)[])[] = [];
    await using server = await startTestServer(noting(seen, 'authorization', 'x-on-behalf-of'));
    const options: ConnectOptions = { token: async () => 'mine', onBehalfOf: 'usr_1' };
    await using client = connect(echoService(), server.address, options);

    await client.anyone({});
    await client.anyone({}, { token: 'other', onBehalfOf: 'usr_2' });

    assert.deepEqual(seen, [
      ['Bearer mine', 'usr_1'],
      ['Bearer other', 'usr_2'],
    ]);
  });

  for (const address of ['10.0.0.7:443', 'keys.internal:443', '[2001:db8::1]:443', 'keys']) {
    it(`sends nothing to ${address} that others could read`, () => {
      assert.throws(() => connect(echoService(), address), /plaintext is for loopback only/);
    });
  }

  it('makes no call while a database transaction is open', async () => {
    const seen: (readonly (string | undefined)[])[] = [];
    await using server = await startTestServer(noting(seen));
    await using client = connect(echoService(), server.address, {
      noTransaction: () => {
        throw new Error('a transaction is open');
      },
    });
    await assert.rejects(client.anyone({}), /a transaction is open/);
    assert.deepEqual(seen, []);
  });

  it('fails with UNAVAILABLE when nobody is there', async () => {
    const gone = await startTestServer();
    await gone[Symbol.asyncDispose]();
    await using client = connect(echoService(), gone.address);
    await assert.rejects(client.anyone({}), {
      code: 'UNAVAILABLE',
      reason: '',
      method: '/test.v1.EchoService/Anyone',
    });
  });

  it('waits no longer than it was told to', async () => {
    await using server = await startTestServer({ echo: () => new Promise(() => undefined) });
    await using client = connect(echoService(), server.address, { timeoutMs: 50 });
    await assert.rejects(client.anyone({}), { code: 'DEADLINE_EXCEEDED' });
  });

  it('can be cancelled at once', async () => {
    await using server = await startTestServer({ echo: () => new Promise(() => undefined) });
    await using client = connect(echoService(), server.address);
    const hangup = new AbortController();
    const call = client.anyone({}, { signal: hangup.signal });
    hangup.abort();
    await assert.rejects(call, { code: 'CANCELLED' });
  });

  it('reaches a server that has come back', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rpc-'));
    const host = `unix:${directory}/s`;
    try {
      const first = await startTestServer({}, { host });
      const contract = testContract();
      await using client = connect(echoService(), first.address, { contract });
      await client.echo({}, AS_USER);
      await first[Symbol.asyncDispose]();
      rmSync(`${directory}/s`, { force: true });
      await using _ = await startTestServer({}, { host });
      await client.echo({}, AS_USER);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('repeats what may be repeated when the server is away', async () => {
    const [calls, handlers] = failingTwice(() => unavailable('database'));
    await using server = await startTestServer(handlers);
    await using client = connect(echoService(), server.address, { contract: testContract() });
    assert.equal((await client.echo({}, AS_USER)).text, 'at last');
    assert.equal(calls.count, 3);
  });

  it('repeats nothing that may not be repeated', async () => {
    const [calls, handlers] = failingTwice(() => unavailable('database'));
    await using server = await startTestServer(handlers);
    await using client = connect(echoService(), server.address, { contract: testContract() });
    await assert.rejects(client.anyone({}), { code: 'UNAVAILABLE', retryAfterMs: 1_000 });
    assert.equal(calls.count, 1);
  });

  it('repeats nothing that failed for another reason', async () => {
    const [calls, handlers] = failingTwice(() => new PublicError('aborted', 'STALE', 'stale'));
    await using server = await startTestServer(handlers);
    await using client = connect(echoService(), server.address, { contract: testContract() });
    await assert.rejects(client.echo({}, AS_USER), { code: 'ABORTED' });
    assert.equal(calls.count, 1);
  });
});

describe('a call made while serving another', () => {
  it('belongs to the same trace and cause, over two hops', async () => {
    using tracing = startTestTracing();
    const correlations: (string | undefined)[] = [];
    const hop = (next?: RunningServer): TestHandlers => ({
      async echo(_, { correlationId }) {
        correlations.push(correlationId, currentCorrelationId());
        if (next) {
          await using client = connect(echoService(), next.address);
          await client.mesh({}, { metadata: { caller: 'service:keys' } });
        }
        return { text: '' };
      },
    });
    await using inner = await startTestServer(hop());
    await using middle = await startTestServer(hop(inner));
    await using client = connect(echoService(), middle.address);

    const metadata = { caller: 'workload:exe_1', 'x-correlation-id': 'cor-1' };
    await client.run({}, { metadata });

    assert.deepEqual(correlations, ['cor-1', 'cor-1', 'cor-1', 'cor-1']);
    const named = (name: string, kind: SpanKind) => {
      const found = tracing.spans.find((span) => span.name.endsWith(name) && span.kind === kind);
      assert.ok(found, `${name} ${kind}`);
      return found;
    };
    const first = named('/Run', SpanKind.CLIENT);
    const second = named('/Run', SpanKind.SERVER);
    const third = named('/Mesh', SpanKind.CLIENT);
    const fourth = named('/Mesh', SpanKind.SERVER);
    assert.equal(second.parentId, first.spanId);
    assert.equal(third.parentId, second.spanId);
    assert.equal(fourth.parentId, third.spanId);
    assert.equal(new Set(tracing.spans.map(({ traceId }) => traceId)).size, 1);
    assert.equal(second.name, 'test.v1.EchoService/Run');
    assert.deepEqual(second.attributes, {
      'rpc.system': 'grpc',
      'rpc.service': 'test.v1.EchoService',
      'rpc.method': 'Run',
      'rpc.grpc.status_code': 0,
      'ramet.caller': 'workload:exe_1',
      'ramet.caller_service': 'runner',
    });
    assert.equal(fourth.attributes['ramet.caller_service'], 'keys');
  });

  it('tells in its span how it failed', async () => {
    using tracing = startTestTracing();
    await using server = await startTestServer();
    await using client = connect(echoService(), server.address);
    await assert.rejects(client.admin({}, AS_USER));
    const codes = tracing.spans.map(({ attributes }) => attributes['rpc.grpc.status_code']);
    assert.deepEqual(codes, [7, 7]);
    assert.equal(tracing.spans[0]?.status?.message, 'PERMISSION_DENIED');
  });

  it('leaves some of the time for the answer', async () => {
    const deadlines: number[] = [];
    await using inner = await startTestServer({
      async echo(_, { deadline }) {
        deadlines.push(deadline.getTime());
        return { text: '' };
      },
    });
    await using outer = await startTestServer(
      calling(inner, (call) => {
        deadlines.push(call.deadline.getTime());
      }),
    );
    await using client = connect(echoService(), outer.address);

    await client.anyone({}, { timeoutMs: 5_000 });

    const [given = 0, passedOn = 0] = deadlines;
    assert.ok(passedOn < given - 50, `${given - passedOn}`);
    assert.ok(passedOn > given - 1_000, `${given - passedOn}`);
  });

  it('ends with it', async () => {
    const events = new EventEmitter();
    await using inner = await startTestServer({
      async echo(_, { signal }) {
        events.emit('started');
        await once(signal, 'abort');
        events.emit('aborted');
        throw signal.reason;
      },
    });
    await using outer = await startTestServer(calling(inner));
    await using client = connect(echoService(), outer.address);
    const hangup = new AbortController();
    const [started, aborted] = [once(events, 'started'), once(events, 'aborted')];
    const call = client.anyone({}, { signal: hangup.signal });
    await started;

    hangup.abort();

    await assert.rejects(call, { code: 'CANCELLED' });
    await aborted;
  });

  it('is on its own once it is detached', async () => {
    let correlation: string | undefined = 'none seen';
    await using server = await startTestServer({
      async echo() {
        correlation = detached(currentCorrelationId);
        return { text: '' };
      },
    });
    await using client = connect(echoService(), server.address);
    await client.anyone({});
    assert.equal(correlation, undefined);
  });
});

/** Handlers that note the values of some metadata. */
function noting(
  seen: (readonly (string | undefined)[])[],
  ...names: readonly string[]
): TestHandlers {
  return {
    async echo(_, { metadata }) {
      seen.push(names.map((name) => metadata.get(name)));
      return { text: '' };
    },
  };
}

/** Handlers that call another server, as anybody. */
function calling(next: RunningServer, note: (call: Call) => void = () => undefined): TestHandlers {
  return {
    async echo(_, call) {
      note(call);
      await using client = connect(echoService(), next.address);
      return await client.anyone({});
    },
  };
}

function failingTwice(error: () => Error) {
  const calls = { count: 0 };
  const handlers: TestHandlers = {
    async echo() {
      calls.count += 1;
      if (calls.count < 3) throw error();
      return { text: 'at last' };
    },
  };
  return [calls, handlers] as const;
}
