import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import {
  BlobKeyError,
  BlobNotFoundError,
  type BlobStore,
  BlobStoreRefusedError,
  BlobStoreUnavailableError,
  openS3Store,
  type S3StoreOptions,
} from '../index.js';
import { clock } from '../support/openers.js';
import { ACCOUNT, BUCKET, type S3Server, startS3Server } from '../support/s3-server.js';

const MIB = 1024 * 1024;
const SECRET = 'wJalrXUtnFEMI-not-for-anyone';
const roomy = { maxBytes: 64 * MIB };

describe('openS3Store', () => {
  describe('of a server that is there', () => {
    let server: S3Server;
    before(async () => {
      server = await startS3Server();
    });
    after(() => server[Symbol.asyncDispose]());

    const wrong: readonly [string, Partial<S3StoreOptions>, string][] = [
      ['a wrong secret', { secretAccessKey: SECRET }, 'SignatureDoesNotMatch'],
      [
        'a wrong secret that is asked for',
        { secretAccessKey: () => SECRET },
        'SignatureDoesNotMatch',
      ],
      ['an unknown account', { accessKeyId: 'NOBODY' }, 'InvalidAccessKeyId'],
      ['a bucket that is not there', { bucket: 'nobucket' }, 'NoSuchBucket'],
    ];
    for (const [what, options, reason] of wrong) {
      it(`is refused with ${what}, and says so without the secret`, async () => {
        await using store = await openS3Store({ ...to(server.endpoint), ...options });
        const calls = [
          () => store.put('a', one(Buffer.from('x')), roomy),
          () => store.put('a', one(Buffer.alloc(9 * MIB)), roomy),
          () => read(store, 'a'),
          () => store.remove(['a']),
          () => store.removeUnder('a'),
          () => store.list('')[Symbol.asyncIterator]().next(),
        ];
        for (const call of calls) {
          await assert.rejects(call, (thrown) => {
            assert.ok(thrown instanceof BlobStoreRefusedError);
            assert.equal(thrown.reason, reason);
            assert.ok(!inspect(thrown, { depth: 9, showHidden: true }).includes(SECRET));
            return true;
          });
        }
        assert.ok(!inspect(store, { depth: 9, showHidden: true }).includes(SECRET));
      });
    }

    it('asks for the secret anew with each request', async () => {
      const secrets = [SECRET, ACCOUNT.secretAccessKey];
      await using store = await openS3Store({
        ...to(server.endpoint),
        secretAccessKey: () => secrets.shift() ?? '',
      });
      await assert.rejects(store.put('a', one(Buffer.from('x')), roomy), BlobStoreRefusedError);
      await store.put('a', one(Buffer.from('x')), roomy);
    });

    it('keeps stores apart by their prefix', async () => {
      await using first = await openS3Store({ ...to(server.endpoint), prefix: 'p/1' });
      await using second = await openS3Store({ ...to(server.endpoint), prefix: 'p/10' });
      await using above = await openS3Store({ ...to(server.endpoint), prefix: '' });
      await first.put('a', one(Buffer.from('x')), roomy);
      await second.put('b', one(Buffer.from('x')), roomy);
      assert.deepEqual(await keysIn(first, ''), ['a']);
      assert.deepEqual(await keysIn(second, ''), ['b']);
      assert.deepEqual(await keysIn(above, 'p'), ['p/1/a', 'p/10/b']);
    });

    for (const prefix of ['größe', '../up', 'a.b', 'a//b']) {
      it(`refuses the prefix ${prefix}`, async () => {
        await assert.rejects(openS3Store({ ...to(server.endpoint), prefix }), BlobKeyError);
      });
    }
  });

  it('says that a server that is away is not available', async () => {
    const gone = await startServer(() => undefined);
    await gone[Symbol.asyncDispose]();
    await using store = await openS3Store(to(gone.endpoint));
    const calls = [
      () => store.put('a', one(Buffer.from('x')), roomy),
      () => read(store, 'a'),
      () => store.stat('a'),
      () => store.remove(['a']),
      () => store.list('')[Symbol.asyncIterator]().next(),
    ];
    for (const call of calls) await assert.rejects(call, BlobStoreUnavailableError);
  });

  it('gives up on a server that says nothing', async () => {
    await using server = await startServer(() => undefined);
    await using store = await openS3Store({ ...to(server.endpoint), idleMs: 20 });
    await assert.rejects(store.stat('a'), BlobStoreUnavailableError);
  });

  it('gives up on a server that stops in the middle of a blob', async () => {
    await using server = await startServer((_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('some');
    });
    await using store = await openS3Store({ ...to(server.endpoint), idleMs: 20 });
    await assert.rejects(read(store, 'a'), BlobStoreUnavailableError);
  });

  it('waits for a reader that is slower than a server may be', async () => {
    const bytes = Buffer.alloc(16 * MIB, 'a');
    await using server = await startServer((request, response) => {
      if (request.method === 'GET') response.end(bytes);
    });
    await using store = await openS3Store({ ...to(server.endpoint), idleMs: 200 });
    let sizeBytes = 0;
    for await (const piece of store.read('a')) {
      // Takes until the patience with another answer is at its end, three times.
      if (sizeBytes === 0) await assert.rejects(store.stat('a'), BlobStoreUnavailableError);
      sizeBytes += piece.length;
    }
    assert.equal(sizeBytes, bytes.length);
  });

  it('notices a blob that ends too early', async () => {
    await using server = await startServer((_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('some', () => response.destroy());
    });
    await using store = await openS3Store(to(server.endpoint));
    await assert.rejects(read(store, 'a'), BlobStoreUnavailableError);
  });

  it('tries again what may succeed another time, and no more than twice', async () => {
    const answers = [500, 429, 200, 503, 503, 503, 200];
    await using server = await startServer((request, response) => {
      request.resume().on('end', () => response.writeHead(answers.shift() ?? 404).end());
    });
    await using store = await openS3Store(to(server.endpoint));
    await store.put('a', one(Buffer.from('x')), roomy);
    await assert.rejects(store.put('a', one(Buffer.from('x')), roomy), BlobStoreUnavailableError);
    assert.deepEqual(answers, [200]);
  });

  it('believes no success that tells of an error', async () => {
    const seen: string[] = [];
    await using server = await startServer((request, response) => {
      seen.push(`${request.method} ${new URL(request.url ?? '', 'http://x').search}`);
      request.resume().on('end', () => {
        if (request.url?.includes('uploads=')) response.end('<UploadId>7</UploadId>');
        else if (request.method === 'POST') response.end('<Error><Code>InvalidPart</Code></Error>');
        else response.writeHead(200, { etag: '"e"' }).end();
      });
    });
    await using store = await openS3Store(to(server.endpoint));
    await assert.rejects(store.put('a', one(Buffer.alloc(9 * MIB)), roomy), {
      name: 'BlobStoreRefusedError',
      reason: 'InvalidPart',
    });
    await assert.rejects(store.remove(['a']), BlobStoreRefusedError);
    assert.deepEqual(seen, [
      'POST ?uploads=',
      'PUT ?partNumber=1&uploadId=7',
      'PUT ?partNumber=2&uploadId=7',
      'POST ?uploadId=7',
      'DELETE ?uploadId=7',
      'POST ?delete=',
    ]);
  });

  it('takes no more than it asked for, and no blob for a part', async () => {
    let status = 206;
    await using server = await startServer((_, response) => {
      response.writeHead(status).end('0123456789');
    });
    await using store = await openS3Store(to(server.endpoint));
    assert.equal(String(await read(store, 'a', { offset: 0, length: 1 })), '0');
    status = 200;
    await assert.rejects(read(store, 'a', { offset: 2 }), BlobStoreRefusedError);
    status = 404;
    await assert.rejects(read(store, 'a', { offset: 2 }), BlobNotFoundError);
  });

  it('takes no more of a source than a part while the server does not read', async () => {
    const seen: string[] = [];
    let arrived: () => void = () => undefined;
    const stuck = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await using server = await startServer((request, response) => {
      seen.push(request.method ?? '');
      if (request.method === 'POST') response.end('<UploadId>7</UploadId>');
      else if (request.method === 'PUT') arrived();
      else response.writeHead(204).end();
    });
    await using store = await openS3Store(to(server.endpoint));
    const controller = new AbortController();
    let takenMib = 0;
    async function* endless() {
      for (;;) {
        takenMib += 1;
        yield Buffer.alloc(MIB);
      }
    }

    const put = store.put('a', endless(), { maxBytes: 1e12, signal: controller.signal });
    await stuck;
    for (let turns = 0; turns < 1_000; turns += 1) await turn();

    assert.equal(takenMib, 9);
    controller.abort(new Error('enough'));
    await assert.rejects(put, /enough/);
    assert.deepEqual(seen, ['POST', 'PUT', 'DELETE']);
  });

  it('lets the server wait for a slow reader, and hang up when that stops', async () => {
    let written = 0;
    let answer: ServerResponse | undefined;
    await using server = await startServer((_, response) => {
      answer = response;
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) {
          written += 64 * 1024;
        }
      };
      response.on('drain', write);
      write();
    });
    await using store = await openS3Store(to(server.endpoint));
    for await (const _ of store.read('a')) {
      for (let turns = 0; turns < 5_000; turns += 1) await turn();
      break;
    }
    if (!answer?.closed) await once(answer as ServerResponse, 'close');
    // What the sockets of the kernel hold, and far less than so many turns can carry.
    assert.ok(written < 32 * MIB, `${written} bytes were sent`);
  });
});

function to(endpoint: URL): S3StoreOptions {
  return {
    ...ACCOUNT,
    endpoint,
    region: 'us-east-1',
    bucket: BUCKET,
    prefix: 'blobs',
    forcePathStyle: true,
    clock,
  };
}

/** A server that behaves as told, for what a good one never does. */
async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly endpoint: URL }> {
  const server = createServer(answer as RequestListener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: new URL(`http://127.0.0.1:${port}`),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function* one(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function read(store: BlobStore, key: string, options = {}): Promise<Buffer> {
  const got: Uint8Array[] = [];
  for await (const piece of store.read(key, options)) got.push(piece);
  return Buffer.concat(got);
}

async function keysIn(store: BlobStore, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys.sort();
}
