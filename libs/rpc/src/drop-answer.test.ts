// Goal: who waits for the end of a call waits for no client that takes no answer, and nothing goes out
// to it afterwards.
// Method: clients of HTTP/2 that make no room: in their window, or in the buffers of the connection.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Stream, connect, type SecureClientSessionOptions } from 'node:http2';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { type EchoRequest, echoService } from './test-contract.js';
import { startTestServer } from './test-server.js';

const PATIENCE_MS = 5_000;
/** More than the buffers of a connection of this machine take in. */
const LARGE = 3 * 1024 * 1024;
const MANY = 12;

describe('an answer that its client does not take', () => {
  it('is dropped when there is no room for it, and does not come when there is', async () => {
    const ends = waiting();
    await using server = await startTestServer({ echo: ends.echo });
    const session = client(server.address, { settings: { initialWindowSize: 0 } });
    const stream = ask(session, 'short');
    const received: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => received.push(chunk));
    const closed = once(stream, 'close');

    await ends.until(1);
    session.settings({ initialWindowSize: 65_535 });
    await closed;

    assert.equal(stream.rstCode, 8);
    assert.deepEqual(received, []);
    assert.equal(session.destroyed, false);
    session.destroy();
  });

  it('is dropped with a connection that is not read', async () => {
    const ends = waiting('x'.repeat(LARGE));
    await using server = await startTestServer({ echo: ends.echo });
    const settings = { initialWindowSize: 2 ** 31 - 1 };
    await using between = await startProxy(server.port);
    const session = client(between.address, { settings });
    await once(session, 'connect');
    session.setLocalWindowSize(2 ** 31 - 1);
    between.stall();

    for (let nth = 0; nth < MANY; nth += 1) ask(session, 'large');
    await ends.until(MANY);

    session.destroy();
  });

  it('is none that is taken', async () => {
    const ends = waiting();
    await using server = await startTestServer({ echo: ends.echo });
    const session = client(server.address, {});
    const [trailers] = await once(ask(session, 'short').resume(), 'trailers');
    assert.equal(trailers['grpc-status'], '0');
    await ends.until(1);
    session.destroy();
  });
});

/** A handler whose ends are counted. */
function waiting(text = 'answer') {
  const counts = { begun: 0, ended: 0 };
  const echo = async (_: EchoRequest, call: { afterEnd(callback: () => void): void }) => {
    counts.begun += 1;
    call.afterEnd(() => {
      counts.ended += 1;
    });
    return { text };
  };
  return {
    echo,
    async until(count: number, what: keyof typeof counts = 'ended'): Promise<void> {
      const end = performance.now() + PATIENCE_MS;
      while (counts[what] < count) {
        assert.ok(performance.now() < end, `${counts[what]} of ${count} calls have ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

/** A way to the server on which what it sends may be left unread. */
async function startProxy(port: number) {
  const sockets: Socket[] = [];
  const listener = createServer((near) => {
    const far = createConnection(port, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far);
    far.pipe(near);
    sockets.push(near, far);
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    stall(): void {
      for (const socket of sockets.filter((_, nth) => nth % 2 === 1)) socket.unpipe().pause();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}

function client(address: string, options: SecureClientSessionOptions) {
  const session = connect(`http://${address}`, options);
  session.on('error', () => undefined);
  return session;
}

function ask(session: ReturnType<typeof client>, text: string): ClientHttp2Stream {
  const { path, requestSerialize } = echoService().echo;
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    caller: 'user:usr_1',
  });
  stream.on('error', () => undefined);
  const message = requestSerialize({ text });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
  return stream;
}
