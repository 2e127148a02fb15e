// Goal: who waits for the end of a call waits for no client that takes no answer, and nothing goes out
// to it afterwards.
// Method: clients of HTTP/2 that make no room: in their window, or in the buffers of the connection.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Stream,
  connect,
  createServer as createHttp2Server,
  type SecureClientSessionOptions,
} from 'node:http2';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { dropAnswer } from './drop-answer.js';
import { machineClock } from './ports.js';
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

describe('the end of an answer that is dropped', () => {
  it('is not told by what a client says that has not read the ping', async () => {
    await using dropped = await startDropping();
    dropped.client.write(frame(PING, ACK, Buffer.alloc(8)));
    await dropped.roundTrip();
    assert.equal(dropped.isTold(), false);
    dropped.runOut();
    assert.equal(dropped.isTold(), true);
    await dropped.closed;
  });

  it('is not told by a ping that there was no room for', async () => {
    await using dropped = await startDropping({ pings: 10 });
    await dropped.roundTrip();
    assert.equal(dropped.isTold(), false);
    dropped.runOut();
    assert.equal(dropped.isTold(), true);
    await dropped.closed;
  });

  it('is told by the answer to the ping', async () => {
    await using dropped = await startDropping();
    dropped.client.write(frame(PING, ACK, await dropped.ping));
    await dropped.roundTrip();
    assert.equal(dropped.isTold(), true);
  });
});

const [HEADERS, SETTINGS, PING] = [1, 4, 6];
const [ACK, END_HEADERS] = [1, 4];
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** POST, http, / and an authority, as HPACK has them. */
const ASKED = Buffer.from('838684410161', 'hex');

/** Drops the answer to a client that writes its own frames, with so many pings on their way before. */
async function startDropping({ pings = 0 } = {}) {
  let isTold = false;
  let runOut = (): void => undefined;
  const clock = { ...machineClock, after: (_: number, callback: () => void) => keep(callback) };
  const keep = (callback: () => void) => {
    runOut = callback;
    return () => undefined;
  };
  const server = createHttp2Server().on('stream', (stream) => {
    for (let nth = 0; nth < pings; nth += 1) stream.session?.ping(() => undefined);
    dropAnswer(
      stream.on('error', () => undefined),
      clock,
      () => {
        isTold = true;
      },
    );
  });
  server.on('session', (session) => session.on('error', () => undefined));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  const closed = once(client, 'close');
  const answers = pingsIn(client);
  client.write(PREFACE);
  client.write(frame(SETTINGS, 0, Buffer.alloc(0)));
  client.write(frame(HEADERS, END_HEADERS, ASKED, 1));
  const ping = answers.next(0);
  await ping;

  return {
    ...{ client, closed, ping, isTold: () => isTold, runOut: () => runOut() },
    /** Until the server has read what was written. */
    async roundTrip(): Promise<void> {
      client.write(frame(PING, 0, Buffer.alloc(8)));
      await answers.next(ACK);
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The pings that a client gets, with these flags: what is in them. */
function pingsIn(client: Socket) {
  let read = Buffer.alloc(0);
  const found: { readonly flags: number; readonly payload: Buffer }[] = [];
  client.on('data', (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    while (read.length >= 9 && read.length >= 9 + read.readUIntBE(0, 3)) {
      const end = 9 + read.readUIntBE(0, 3);
      if (read[3] === PING) found.push({ flags: read[4] ?? 0, payload: read.subarray(9, end) });
      read = read.subarray(end);
    }
  });
  return {
    async next(flags: number): Promise<Buffer> {
      const end = performance.now() + PATIENCE_MS;
      for (;;) {
        const ping = found.find((each) => each.flags === flags);
        if (ping) return ping.payload;
        assert.ok(performance.now() < end, 'no ping');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

/** A frame of HTTP/2. */
function frame(type: number, flags: number, payload: Buffer, stream = 0): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

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
