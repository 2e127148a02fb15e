import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { Call } from './call.js';
import { connect } from './connect.js';
import { type EchoRequest, echoService } from './test-contract.js';
import { type LoggedLine, recording, rejection, startTestServer } from './test-server.js';

const AS_USER = { metadata: { caller: 'user:usr_1' } };

describe('the deadline of a call', () => {
  it('stops its handler', async () => {
    const handled = stuck();
    await using server = await startTestServer(handled);
    await using client = connect(echoService(), server.address);

    // Long enough for a busy machine to have come to the handler by then.
    await assert.rejects(client.echo({}, { ...AS_USER, timeoutMs: 1_000 }), {
      code: 'DEADLINE_EXCEEDED',
    });

    // The client's timer and the server's are a race: a hang-up stops the handler as well.
    assert.match(String(await handled.reason), /deadline|hung up/);
  });

  it('is set by the server where the client sets none', async () => {
    const handled = stuck();
    await using server = await startTestServer(handled, { limits: { defaultDeadlineMs: 50 } });
    await using client = connect(echoService(), server.address);

    const error = await rejection(
      client.echo({}, { ...AS_USER, timeoutMs: Number.POSITIVE_INFINITY }),
    );

    assert.equal(error.code, 'DEADLINE_EXCEEDED');
    assert.equal(error.reason, 'DEADLINE_EXCEEDED');
    assert.match(String(await handled.reason), /deadline/);
  });

  it('is no later than the server allows', async () => {
    await using server = await startTestServer(stuck(), { limits: { maxDeadlineMs: 50 } });
    await using client = connect(echoService(), server.address);
    const error = await rejection(client.echo({}, { ...AS_USER, timeoutMs: 60_000 }));
    assert.equal(error.reason, 'DEADLINE_EXCEEDED');
  });
});

describe('a request that never arrives in full', () => {
  it('is given up after the default deadline', async () => {
    const lines: LoggedLine[] = [];
    await using server = await startTestServer({}, { lines, limits: { defaultDeadlineMs: 50 } });
    for (const method of ['Echo', 'Count']) {
      const session = connectHttp2(`http://${server.address}`);
      const stream = session.request({
        ':method': 'POST',
        ':path': `/test.v1.EchoService/${method}`,
        'content-type': 'application/grpc',
      });
      const [headers] = await once(stream, 'response');
      assert.equal(headers['grpc-status'], '4');
      session.destroy();
    }
    assert.deepEqual(
      lines.map(({ fields }) => fields.reason),
      ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'],
    );
  });
});

describe('a call that is cancelled', () => {
  it('stops its handler, and leaves no line in the log', async () => {
    const lines: LoggedLine[] = [];
    const handled = stuck();
    await using server = await startTestServer(handled, { lines });
    await using client = connect(echoService(), server.address);
    const hangup = new AbortController();
    const call = client.echo({}, { ...AS_USER, signal: hangup.signal });
    await handled.started;

    hangup.abort();

    await assert.rejects(call, { code: 'CANCELLED' });
    assert.equal(((await handled.reason) as Error).name, 'AbortError');
    assert.deepEqual(
      lines.filter(({ level }) => level !== 'debug'),
      [],
    );
  });

  it('is not made at all if it is cancelled before', async () => {
    const calls: Call[] = [];
    await using server = await startTestServer(recording(calls));
    await using client = connect(echoService(), server.address);
    const signal = AbortSignal.abort();
    await assert.rejects(client.echo({}, { ...AS_USER, signal }), { code: 'CANCELLED' });
    assert.deepEqual(calls, []);
  });

  it('ends a stream on both sides when its reader leaves', async () => {
    let signal: AbortSignal | undefined;
    await using server = await startTestServer({
      async *count(_, call) {
        signal = call.signal;
        for (;;) yield { text: 'again' };
      },
    });
    await using client = connect(echoService(), server.address);
    for await (const _ of client.count({})) break;

    assert.ok(signal);
    if (!signal.aborted) await once(signal, 'abort');
  });
});

/** A handler that waits for its signal, and tells why it aborted. */
function stuck() {
  let tellReason: (reason: unknown) => void;
  let tellStarted: () => void;
  const reason = new Promise<unknown>((resolve) => {
    tellReason = resolve;
  });
  const started = new Promise<void>((resolve) => {
    tellStarted = resolve;
  });
  return {
    reason,
    started,
    async echo(_: EchoRequest, { signal }: Call): Promise<never> {
      tellStarted();
      if (!signal.aborted) await once(signal, 'abort');
      tellReason(signal.reason);
      throw signal.reason;
    },
  };
}
