// Goal: a request reaches what the rule allows, and nothing else, whatever names resolve to.
// Method: real sockets on loopback; only the look-up of names is played.

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createRawServer, type Server as RawServer } from 'node:net';
import { systemClock } from '@ramet/service';
import { createSender, type Resolve, type Sent } from './send.js';

const never = new AbortController().signal;

describe('a sender', () => {
  const hits: string[] = [];
  let server: Server;
  let port = 0;

  before(async () => {
    server = createServer((request, response) => {
      hits.push(request.headers.host ?? '');
      if (request.url === '/redirect') response.writeHead(302, { location: '/' }).end();
      else if (request.url === '/hang') return;
      else if (request.url === '/endless') stream(response);
      else if (request.url === '/headers')
        response.writeHead(200, { x: 'x'.repeat(100_000) }).end();
      else response.writeHead(204).end();
    });
    port = await listening(server);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => void hits.splice(0));

  it('goes to the address that it has checked, and asks once', async () => {
    const asked: string[] = [];
    const resolve: Resolve = async (hostname) => {
      asked.push(hostname);
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const sent = await send(`http://rebound.test:${port}/`, { resolve });
    assert.deepEqual([sent?.code, sent?.problem], [204, '']);
    assert.deepEqual(asked, ['rebound.test']);
    assert.deepEqual(hits, [`rebound.test:${port}`]);
  });

  it('reaches no address that is forbidden, whatever a name says the second time', async () => {
    const answers = ['8.8.8.8', '169.254.169.254'];
    const resolve: Resolve = async () => [{ address: answers.pop() ?? '', family: 4 }];
    assert.equal(
      (await send(`http://rebound.test:${port}/`, { resolve }))?.problem,
      'ADDRESS_REFUSED',
    );
    assert.deepEqual(answers, ['8.8.8.8'], 'it is looked up once for each request');
  });

  it('reaches nothing private unless that is allowed', async () => {
    const local: Resolve = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ];
    const options = { resolve: local, allowPrivate: false };
    for (const url of [
      `https://name.test:${port}/`,
      `https://127.0.0.1:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      `http://1.1.1.1:${port}/`,
    ]) {
      assert.equal((await send(url, options))?.problem, 'ADDRESS_REFUSED', url);
    }
    assert.deepEqual(hits, []);
  });

  it('passes over addresses that are refused, for one that is not', async () => {
    const resolve: Resolve = async () => [
      { address: '169.254.169.254', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    assert.equal((await send(`http://two.test:${port}/`, { resolve }))?.code, 204);
  });

  it('follows no redirect', async () => {
    const sent = await send(`http://127.0.0.1:${port}/redirect`);
    assert.deepEqual([sent?.code, sent?.problem], [302, 'RESPONSE_REFUSED']);
    assert.equal(hits.length, 1);
  });

  it('waits no longer than it may', async () => {
    const sent = await send(`http://127.0.0.1:${port}/hang`, { timeoutMs: 50 });
    assert.deepEqual([sent?.code, sent?.problem], [0, 'TIMEOUT']);
  });

  it('waits no longer for a name either', async () => {
    const resolve: Resolve = () => new Promise(() => undefined);
    const sent = await send('http://slow.test/', { resolve, timeoutMs: 50 });
    assert.equal(sent?.problem, 'TIMEOUT');
  });

  it('reads no more of an answer than it has to', async () => {
    assert.equal((await send(`http://127.0.0.1:${port}/endless`))?.code, 200);
    const sent = await send(`http://127.0.0.1:${port}/headers`);
    assert.deepEqual([sent?.code, sent?.problem], [0, 'CONNECTION_FAILED']);
  });

  it('is broken off without a word', async () => {
    const stop = new AbortController();
    const sending = send(`http://127.0.0.1:${port}/hang`, {}, stop.signal);
    stop.abort();
    assert.equal(await sending, undefined);
    assert.equal(await send(`http://127.0.0.1:${port}/`, {}, stop.signal), undefined);
  });

  it('says why a receiver could not be reached', async () => {
    const nobody = createServer();
    const free = await listening(nobody);
    await new Promise((resolve) => nobody.close(resolve));
    assert.equal((await send(`http://127.0.0.1:${free}/`))?.problem, 'CONNECTION_FAILED');
    assert.equal((await send(`https://127.0.0.1:${port}/`))?.problem, 'TLS_FAILED');
    const resolve: Resolve = () =>
      Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }));
    assert.equal((await send('http://nowhere.test/', { resolve }))?.problem, 'NAME_NOT_FOUND');
  });

  for (const [what, answer] of [
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['no HTTP', 'hello\r\n\r\n'],
    ['an end', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ] as const) {
    it(`takes ${what} for a failure`, async () => {
      const raw: RawServer = createRawServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(answer));
      });
      const rawPort = await listening(raw);
      const sent = await send(`http://127.0.0.1:${rawPort}/`);
      raw.close();
      assert.equal(sent?.problem, 'CONNECTION_FAILED');
    });
  }
});

interface Options {
  readonly resolve?: Resolve;
  readonly allowPrivate?: boolean;
  readonly timeoutMs?: number;
}

async function send(url: string, options: Options = {}, signal = never): Promise<Sent | undefined> {
  const { allowPrivate = true, ...rest } = options;
  const sender = createSender({ clock: systemClock, allowPrivate, ...rest });
  return sender({ url, headers: { 'content-type': 'application/json' }, body: '{}' }, signal);
}

async function listening(server: Server | RawServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function stream(response: NodeJS.WritableStream): void {
  const write = (): void => {
    while (response.writable && response.write('x'.repeat(16_384)));
    if (response.writable) response.once('drain', write);
  };
  write();
}
