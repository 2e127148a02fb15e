import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { PublicError, unavailable } from '@ramet/errors';
import type { Call } from './call.js';
import { connect } from './connect.js';
import { currentCorrelationId } from './context.js';
import { implement } from './implement.js';
import { type Clock, machineClock } from './ports.js';
import { type EchoRequest, echoService, testContract } from './test-contract.js';
import { type LoggedLine, rejection, startTestServer, type TestHandlers } from './test-server.js';
import { startTestTracing } from './test-tracing.js';

const AS_USER = { metadata: { caller: 'user:usr_1' } };
/** Bytes that fill every buffer on the way many times over, if they are let. */
const LARGE = 64 * 1024;
/** A clock whose timers go off at the next turn of the event loop. */
const IMPATIENT: Clock = {
  ...machineClock,
  after(_ms, callback) {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  },
};
const HEADERS = {
  ':method': 'POST',
  ':path': '/test.v1.EchoService/Upload',
  'content-type': 'application/grpc',
  caller: 'user:usr_1',
};
/** A request without fields, as it stands in the stream. */
const EMPTY = Buffer.from([0, 0, 0, 0, 0]);

describe('a call that streams its requests', () => {
  it('is answered once, when all are there', async () => {
    await using server = await startTestServer();
    await using client = connect(echoService(), server.address);
    const { text } = await client.upload(texts('a', 'b', 'c'), AS_USER);
    assert.equal(text, 'a b c');
  });

  it('may have no requests at all', async () => {
    await using server = await startTestServer();
    await using client = connect(echoService(), server.address);
    assert.equal((await client.upload(texts(), AS_USER)).text, '');
  });

  it('can be read in several loops, that go on from one another', async () => {
    await using server = await startTestServer({
      async upload(requests) {
        const seen: string[] = [];
        for await (const { text = '' } of requests) {
          seen.push(`first: ${text}`);
          break;
        }
        for await (const { text = '' } of requests) seen.push(text);
        for await (const { text = '' } of requests) seen.push(`after the end: ${text}`);
        return { text: seen.join(', ') };
      },
    });
    await using client = connect(echoService(), server.address);
    const { text } = await client.upload(texts('a', 'b', 'c'), AS_USER);
    assert.equal(text, 'first: a, b, c');
  });

  it('is refused to who may not make it, before anything of it is read', async () => {
    let handled = false;
    await using server = await startTestServer({
      async upload() {
        handled = true;
        return { text: '' };
      },
    });
    await using client = connect(echoService(), server.address);
    const source = endless();

    await assert.rejects(client.upload(source.requests), { reason: 'TOKEN_MISSING' });
    const admin = { metadata: { caller: 'service:keys' } };
    await assert.rejects(client.upload(texts('a'), admin), { code: 'PERMISSION_DENIED' });

    assert.equal(handled, false);
    assert.ok(source.state.returned);
  });

  it('is refused with the field of the request that breaks a bound', async () => {
    const lines: LoggedLine[] = [];
    const seen: unknown[] = [];
    let reason: unknown;
    await using server = await startTestServer(
      {
        async upload(requests, { signal }) {
          try {
            for await (const { text } of requests) seen.push(text);
          } catch (thrown) {
            reason = thrown;
            assert.equal(signal.reason, thrown);
          }
          return { text: 'all is well' };
        },
      },
      { lines },
    );
    await using client = connect(echoService(), server.address);

    const error = await rejection(client.upload(texts('a', 'x'.repeat(11), 'c'), AS_USER));

    assert.equal(error.code, 'INVALID_ARGUMENT');
    assert.equal(error.reason, 'REQUEST_INVALID');
    assert.deepEqual(
      error.violations.map(({ field }) => field),
      ['text'],
    );
    assert.deepEqual(seen, ['a']);
    assert.ok(reason instanceof PublicError);
    assert.equal(lines.length, 1);
  });

  it('is refused when one of its messages is over the limit', async () => {
    const reasons: unknown[] = [];
    await using server = await startTestServer(noting(reasons), {
      limits: { maxMessageBytes: 1_000 },
    });
    await using client = connect(echoService(), server.address);

    const error = await rejection(client.upload(texts('a', 'x'.repeat(2_000)), AS_USER));

    assert.equal(error.reason, 'MESSAGE_TOO_LARGE');
    assert.equal((reasons[0] as Error).name, 'AbortError');
  });

  it('ends at once with what its handler answers, though there is more', async () => {
    await using server = await startTestServer({
      async upload(requests) {
        for await (const { text = '' } of requests) return { text: `enough after ${text}` };
        return { text: 'nothing came' };
      },
    });
    await using client = connect(echoService(), server.address);
    const source = endless();

    const { text } = await client.upload(source.requests, AS_USER);

    assert.equal(text, 'enough after again');
    assert.ok(source.state.returned);
  });

  it('ends at once with what its handler throws, though there is more', async () => {
    await using server = await startTestServer({
      async upload() {
        throw new PublicError('failed_precondition', 'FULL', 'there is no room');
      },
    });
    await using client = connect(echoService(), server.address);
    const source = endless();

    const call = client.upload(source.requests, AS_USER);

    await assert.rejects(call, { code: 'FAILED_PRECONDITION', reason: 'FULL' });
    assert.ok(source.state.returned);
  });

  it('is read no faster than its handler asks, and pulled no faster than that', async () => {
    const [release, held] = gate();
    let read = 0;
    await using server = await startTestServer({
      async upload(requests) {
        for await (const _ of requests) {
          read += 1;
          if (read === 2) await held;
        }
        return { text: String(read) };
      },
    });
    await using client = connect(echoService(), server.address);
    const source = counted(200);

    const call = client.upload(source.requests, AS_USER);
    await source.isStuck();
    const pulled = source.state.pulled;

    assert.equal(read, 2);
    // What is under way: 1 MiB that grpc-js keeps for a repetition, and the windows of HTTP/2.
    assert.ok(pulled * LARGE < 3 * 1024 * 1024, `${pulled} requests were pulled`);
    release();
    assert.equal((await call).text, '200');
    assert.equal(source.state.pulled, 201, 'each, and the end');
  });

  it('has no deadline unless its client gives one', async () => {
    const deadlines: number[] = [];
    await using server = await startTestServer(
      {
        async upload(requests, { deadline, signal }) {
          deadlines.push(deadline.getTime());
          for await (const _ of requests);
          return { text: String(signal.aborted) };
        },
      },
      { clock: IMPATIENT },
    );
    await using client = connect(echoService(), server.address, { timeoutMs: 1 });
    async function* late(): AsyncGenerator<EchoRequest> {
      yield { text: 'a' };
      for (let turn = 0; turn < 20; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      yield { text: 'b' };
    }

    assert.equal((await client.upload(late(), AS_USER)).text, 'false');
    assert.equal(deadlines[0], 8.64e15);
  });

  it('ends at the deadline that its client gives', async () => {
    const reasons: unknown[] = [];
    await using server = await startTestServer(noting(reasons));
    await using client = connect(echoService(), server.address);
    const source = stuck();

    const call = client.upload(source.requests, { ...AS_USER, timeoutMs: 50 });

    await assert.rejects(call, { code: 'DEADLINE_EXCEEDED' });
    assert.ok(source.state.returned);
  });

  it('ends the iteration with an AbortError when it is cancelled', async () => {
    const reasons: unknown[] = [];
    const handled = started(noting(reasons));
    await using server = await startTestServer(handled);
    await using client = connect(echoService(), server.address);
    const hangup = new AbortController();
    const source = stuck();
    const call = client.upload(source.requests, { ...AS_USER, signal: hangup.signal });
    await handled.hasStarted;

    hangup.abort();

    await assert.rejects(call, { code: 'CANCELLED' });
    await handled.hasEnded;
    assert.equal((reasons[0] as Error).name, 'AbortError');
    assert.ok(source.state.returned);
  });

  it('stops a handler that is not reading when it is cancelled', async () => {
    const [stopped, stop] = gate();
    let reasons: readonly unknown[] = [];
    const handled = started({
      async upload(requests, { signal }) {
        if (!signal.aborted) await once(signal, 'abort');
        const thrown = await rejectionOf(requests);
        reasons = [signal.reason, thrown];
        stopped();
        return { text: '' };
      },
    });
    await using server = await startTestServer(handled);
    await using client = connect(echoService(), server.address);
    const hangup = new AbortController();
    const source = counted(200);
    const call = client.upload(source.requests, { ...AS_USER, signal: hangup.signal });
    await handled.hasStarted;
    await source.isStuck();

    hangup.abort();

    await assert.rejects(call, { code: 'CANCELLED' });
    await stop;
    assert.equal((reasons[0] as Error).name, 'AbortError');
    assert.equal(reasons[0], reasons[1]);
  });

  it('is no complete call when its connection breaks', async () => {
    const reasons: unknown[] = [];
    const handled = started(noting(reasons));
    await using server = await startTestServer(handled);
    const session = connectHttp2(`http://${server.address}`);
    const stream = session.request(HEADERS);
    stream.on('error', () => undefined);
    stream.write(EMPTY);
    await handled.hasStarted;

    session.destroy();

    await handled.hasEnded;
    assert.equal((reasons[0] as Error).name, 'AbortError');
  });

  it('is not made at all if it is cancelled before, and its source is closed', async () => {
    await using server = await startTestServer();
    await using client = connect(echoService(), server.address);
    const source = endless();
    const call = client.upload(source.requests, { ...AS_USER, signal: AbortSignal.abort() });
    await assert.rejects(call, { code: 'CANCELLED' });
    assert.deepEqual(source.state, { pulled: 0, returned: true });
  });

  it('is cancelled by what its source throws, which its caller gets', async () => {
    const reasons: unknown[] = [];
    const handled = started(noting(reasons));
    await using server = await startTestServer(handled);
    await using client = connect(echoService(), server.address);
    async function* broken(): AsyncGenerator<EchoRequest> {
      yield { text: 'a' };
      await handled.hasStarted;
      throw new Error('the file is gone');
    }

    await assert.rejects(client.upload(broken(), AS_USER), /the file is gone/);

    await handled.hasEnded;
    assert.equal((reasons[0] as Error).name, 'AbortError');
  });

  it('is not repeated, whatever the contract says', async () => {
    let calls = 0;
    await using server = await startTestServer({
      async upload() {
        calls += 1;
        throw unavailable('database');
      },
    });
    await using client = connect(echoService(), server.address, { contract: testContract() });
    await assert.rejects(client.upload(texts('a'), AS_USER), { code: 'UNAVAILABLE' });
    assert.equal(calls, 1);
  });

  it('may finish when the server stops', async () => {
    const [release, held] = gate();
    const [start, started] = gate();
    const server = await startTestServer({
      async upload(requests) {
        const seen: string[] = [];
        for await (const { text = '' } of requests) {
          seen.push(text);
          start();
        }
        return { text: seen.join(' ') };
      },
    });
    await using client = connect(echoService(), server.address);
    async function* inTwo(): AsyncGenerator<EchoRequest> {
      yield { text: 'before' };
      await held;
      yield { text: 'after' };
    }
    const call = client.upload(inTwo(), AS_USER);
    await started;

    const stopped = server[Symbol.asyncDispose]();
    release();

    assert.equal((await call).text, 'before after');
    await stopped;
  });

  it('is cut when it does not finish in time, and its handler told why', async () => {
    const reasons: unknown[] = [];
    const handled = started(noting(reasons));
    const server = await startTestServer(handled, { limits: { drainMs: 50 } });
    await using client = connect(echoService(), server.address);
    const call = client.upload(stuck().requests, AS_USER);
    await handled.hasStarted;

    const stopped = server[Symbol.asyncDispose]();

    await assert.rejects(call, { code: 'UNAVAILABLE' });
    await stopped;
    assert.match(String(reasons[0]), /about to stop/);
  });

  it('belongs to the trace and the cause of its caller', async () => {
    using tracing = startTestTracing();
    const seen: (string | undefined)[] = [];
    await using server = await startTestServer({
      async upload(requests, { correlationId }) {
        for await (const _ of requests) seen.push(correlationId, currentCorrelationId());
        return { text: '' };
      },
    });
    await using client = connect(echoService(), server.address);

    const metadata = { ...AS_USER.metadata, 'x-correlation-id': 'cor-1' };
    await client.upload(texts('a'), { metadata });

    assert.deepEqual(seen, ['cor-1', 'cor-1']);
    const spans = tracing.spans.filter(({ name }) => name === 'test.v1.EchoService/Upload');
    assert.equal(spans.length, 2);
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
    for (const { attributes } of spans) assert.equal(attributes['rpc.grpc.status_code'], 0);
  });

  it('ends though its client goes on sending after the answer', async () => {
    const ended: Call[] = [];
    await using server = await startTestServer({
      async upload(_, call) {
        call.afterEnd(() => ended.push(call));
        return { text: 'enough' };
      },
    });
    const session = connectHttp2(`http://${server.address}`);
    const stream = session.request(HEADERS);
    stream.write(EMPTY);
    stream.resume();
    const [trailers] = await once(stream, 'trailers');
    stream.write(EMPTY);

    assert.equal(trailers['grpc-status'], '0');
    assert.equal(ended.length, 1);
    session.destroy();
  });
});

describe('a method that streams both ways', () => {
  const { echo } = echoService();
  const both = { echo: { ...echo, requestStream: true, responseStream: true } as const };

  it('is not served', async () => {
    const services = [implement(both as object, { echo: async () => ({ text: '' }) } as never)];
    await assert.rejects(startTestServer({}, { services }), /streams both ways/);
  });

  it('is not called', () => {
    assert.throws(() => connect(both, '127.0.0.1:1'), /streams both ways/);
  });
});

async function* texts(...all: readonly string[]): AsyncGenerator<EchoRequest> {
  for (const text of all) yield { text };
}

/** Something to wait for, after what lets it pass. */
function gate(): readonly [() => void, Promise<void>] {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [() => open(), opened];
}

/** Handlers that tell when they are called, and when they are done. */
function started({ upload }: TestHandlers) {
  const [start, hasStarted] = gate();
  const [end, hasEnded] = gate();
  const handlers: TestHandlers = {
    async upload(requests, call) {
      start();
      try {
        return (await upload?.(requests, call)) ?? { text: '' };
      } finally {
        end();
      }
    },
  };
  return { ...handlers, hasStarted, hasEnded };
}

async function rejectionOf(requests: AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const _ of requests);
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

/** A handler that reads all, and notes how the reading ended if it was cut short. */
function noting(reasons: unknown[]): TestHandlers {
  return {
    async upload(requests) {
      try {
        for await (const _ of requests);
      } catch (thrown) {
        reasons.push(thrown);
        throw thrown;
      }
      return { text: '' };
    },
  };
}

interface SourceState {
  pulled: number;
  returned: boolean;
}

function source(next: (pulled: number) => Promise<IteratorResult<EchoRequest>>) {
  const state: SourceState = { pulled: 0, returned: false };
  const requests: AsyncIterable<EchoRequest> = {
    [Symbol.asyncIterator]: () => ({
      next() {
        state.pulled += 1;
        return next(state.pulled);
      },
      async return() {
        state.returned = true;
        return { done: true, value: undefined };
      },
    }),
  };
  return { requests, state };
}

/** Requests without an end. */
function endless() {
  return source(async () => ({ value: { text: 'again' } }));
}

/** One request, and then nothing: neither another nor an end. */
function stuck() {
  return source((pulled) =>
    pulled === 1 ? Promise.resolve({ value: { text: 'a' } }) : new Promise(() => undefined),
  );
}

/** A number of large requests. Tells when nobody has pulled for many turns of the event loop. */
function counted(count: number) {
  const value: EchoRequest = { labels: { padding: 'x'.repeat(LARGE) } };
  const { requests, state } = source(async (pulled) =>
    pulled <= count ? { value } : { done: true, value: undefined },
  );
  const isStuck = async (): Promise<void> => {
    for (let quiet = 0, seen = 0; quiet < 200; quiet += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (seen !== state.pulled || state.pulled < 2) quiet = 0;
      seen = state.pulled;
    }
  };
  return { requests, state, isStuck };
}
