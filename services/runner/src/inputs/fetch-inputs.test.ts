import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope, systemClock } from '@ramet/service';
import { NO_SECRETS } from '../config.js';
import type { InputSpec } from '../setup.js';
import { type FetchNeeds, fetchInputs } from './fetch-inputs.js';
import { InputError } from './input-error.js';

// Goal: inputs come whole and as they should be, from where they may; else it is said which did not.
// Method: a real server that misbehaves, and real files.

const SECRET_QUERY = 'token=a-secret-of-the-owner';
const CONTENT = Buffer.from('some input');
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

describe('fetchInputs', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench();
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  it('stores what is at an address, asked with its whole query, and says so without', async () => {
    const { name, sha256 } = { name: 'a.csv', sha256: SHA256 };
    await writeFile(join(bench.folder, 'of-before'), 'old');

    const bytes = await bench.fetch([bench.input('/ok', { name, sha256 }), bench.input('/empty')], {
      secrets: { overrides: [], inputs: [{ name, url: `${bench.url}/ok?${SECRET_QUERY}` }] },
    });

    assert.equal(bytes, CONTENT.length);
    assert.deepEqual((await readdir(bench.folder)).sort(), ['a.csv', 'input']);
    assert.deepEqual(await readFile(join(bench.folder, name)), CONTENT);
    assert.equal((await stat(join(bench.folder, name))).mode & 0o777, 0o444);
    assert.equal((await stat(bench.folder)).mode & 0o777, 0o555);
    assert.equal(bench.asked[0], `/ok?${SECRET_QUERY}`);
    assert.ok(!bench.said.join().includes('secret'), bench.said.join());
    assert.match(
      bench.said[0] ?? '',
      /^fetched a\.csv from http:\/\/127\.0\.0\.1:\d+\/ok: 10 bytes/,
    );
    assert.deepEqual(bench.fractions, [0, 0.5, 1]);
  });

  const FAILURES: readonly (readonly [string, string, Partial<InputSpec>, RegExp, number])[] = [
    ['an answer that says no', '/missing', {}, /^input: status 404$/, 1],
    ['a server that stays in trouble', '/busy', {}, /^input: status 503$/, 5],
    ['more than it may be', '/ok', { maxBytes: 9 }, /^input: larger than 9 bytes$/, 1],
    ['another one than was said', '/ok', { sha256: '0'.repeat(64) }, /its sha256 is/, 1],
    ['a connection that breaks every time', '/cut', {}, /^input: /, 5],
    ['redirects without an end', '/around', {}, /more than 5 redirects/, 6],
    ['a redirect to the metadata of a cloud', '/to-metadata', {}, /may be fetched from$/, 1],
    ['a redirect to a name for it', '/to-file', {}, /neither http nor https/, 1],
  ];
  for (const [what, path, spec, message, calls] of FAILURES) {
    it(`fails for ${what}, and leaves nothing of it`, async () => {
      await assert.rejects(bench.fetch([bench.input(path, spec)]), (error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, message);
        return true;
      });
      assert.equal(bench.asked.length, calls);
      assert.deepEqual(await readdir(bench.folder), []);
    });
  }

  it('goes on after a server had trouble, and follows redirects', async () => {
    await bench.fetch([bench.input('/sometimes'), bench.input('/to-ok', { name: 'other' })]);

    assert.deepEqual(await readFile(join(bench.folder, 'input')), CONTENT);
    assert.deepEqual(await readFile(join(bench.folder, 'other')), CONTENT);
  });

  it('fetches no more than all of them may be together', async () => {
    const inputs = [bench.input('/ok'), bench.input('/ok', { name: 'second' })];
    await assert.rejects(bench.fetch(inputs, { limitBytes: 15 }), /second: larger than 5 bytes/);
  });

  it('asks no private address where that is not allowed, by number, name or redirect', async () => {
    const { port } = new URL(bench.url);
    for (const url of [`${bench.url}/ok`, `http://localhost:${port}/ok`, `http://[::1]:${port}/`]) {
      const input = bench.input('/ok', { from: { kind: 'url', url } });
      await assert.rejects(bench.fetch([input], { allowPrivate: false }), /may be fetched from/);
    }
    assert.deepEqual(bench.asked, []);
  });

  it('streams results of other clones', async () => {
    const from = { kind: 'result', cloneId: 'cln_other', name: 'main/out' } as const;
    await bench.fetch([bench.input('', { from })], {
      async *fetchResult(name) {
        yield Buffer.from(`of ${name}`);
      },
    });
    assert.equal(await readFile(join(bench.folder, 'input'), 'utf8'), 'of input');
  });

  it('ends when it is stopped', async () => {
    const stop = new AbortController();
    const fetching = bench.fetch([bench.input('/never')], { signal: stop.signal });
    while (bench.asked.length === 0) await systemClock.sleep(5);
    stop.abort();
    await assert.rejects(fetching, /input: stopped/);
  });
});

interface Bench extends AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  readonly asked: readonly string[];
  readonly said: readonly string[];
  readonly fractions: readonly (number | undefined)[];
  input(path: string, spec?: Partial<InputSpec>): InputSpec;
  fetch(inputs: readonly InputSpec[], needs?: Partial<FetchNeeds>): Promise<number>;
}

async function openBench(): Promise<Bench> {
  const scope = new Scope();
  const folder = await mkdtemp(join(tmpdir(), 'ramet-inputs-'));
  scope.defer(() => rm(folder, { recursive: true }));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response, asked.length);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const url = `http://127.0.0.1:${address.port}`;
  const said: string[] = [];
  const fractions: (number | undefined)[] = [];
  return {
    ...{ folder, url, asked, said, fractions },
    input: (path, spec) => ({
      ...{ name: 'input', sha256: '', maxBytes: 1_000_000 },
      from: { kind: 'url', url: url + path },
      ...spec,
    }),
    fetch: (inputs, needs) =>
      fetchInputs(inputs, {
        ...{ folder, secrets: NO_SECRETS, allowPrivate: true, limitBytes: 1_000_000 },
        clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) },
        signal: new AbortController().signal,
        log: async (line) => void said.push(line),
        onProgress: ({ fraction }) => void fractions.push(fraction),
        async *fetchResult() {
          yield* [];
        },
        ...needs,
      }),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

function answer({ url = '' }: IncomingMessage, response: ServerResponse, nth: number): void {
  const [path = ''] = url.split('?');
  const to = (location: string) => response.writeHead(302, { location }).end();
  switch (path) {
    case '/ok':
      response.end(CONTENT);
      break;
    case '/empty':
      response.end();
      break;
    case '/busy':
      response.writeHead(503).end();
      break;
    case '/sometimes':
      if (nth < 3) response.writeHead(nth === 1 ? 500 : 429).end();
      else response.end(CONTENT);
      break;
    case '/cut':
      response.writeHead(200, { 'content-length': '100' });
      response.write('half of it', () => response.destroy());
      break;
    case '/around':
      to('/around');
      break;
    case '/to-ok':
      to('/ok');
      break;
    case '/to-metadata':
      to('http://169.254.169.254/latest/meta-data');
      break;
    case '/to-file':
      to('file:///etc/passwd');
      break;
    case '/never':
      break;
    default:
      response.writeHead(404).end();
  }
}
