import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PublicError } from '@ramet/errors';
import { loadContract } from '@ramet/proto-gen/contract';
import { EvmTransaction } from '@ramet/proto-gen/keys.v1';
import {
  type CompleteRequest,
  type ReportProgressRequest,
  RunnerServiceService,
  type SignTransactionRequest,
} from '@ramet/proto-gen/runner.v1';
import { ANONYMOUS, implement, serve } from '@ramet/rpc';
import { Scope, systemClock } from '@ramet/service';
import { testFolder } from '../testing/folder.js';
import { urlOf } from './examples.js';

// Goal: what the example bot's client of ramet.runner.v1 writes and reads is what the contract says.
// Method: the client, which has no dependency, talks to a server made of the contract itself.

const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
const SIGNATURE = Buffer.from([0, 1, 127, 128, 255]);
const BROADCAST = {
  ...{ rawTransaction: Buffer.from([2]), hash: Buffer.from([1, 2]), sender: '0xme' },
};

const TOO_OFTEN = new PublicError('resource_exhausted', 'GRANT_RATE_EXCEEDED', 'too often', {
  ...{ metadata: { grant_id: 'gra_1' }, retryAfterMs: 2_250 },
});

describe("the example bot's client", () => {
  it('reads the parameters', async () => {
    await using bench = await openBench();

    assert.deepEqual(await bench.runner.getParameters(), {
      cloneId: 'cln_1',
      executionId: 'exe_1',
      keyId: 'key_1',
      parameters: { fast: '5', long: 'ü'.repeat(300) },
    });
  });

  it('has bytes signed', async () => {
    await using bench = await openBench();

    const signature = await bench.runner.signRaw({ requestId: 'r-1', bytes: SIGNATURE });

    assert.deepEqual(signature, SIGNATURE);
    assert.deepEqual(bench.signed[0]?.payload, { $case: 'raw', value: SIGNATURE });
    assert.equal(bench.signed[0]?.requestId, 'r-1');
  });

  it('has requests to a venue signed', async () => {
    await using bench = await openBench();
    const request = { method: 'POST', host: 'exchange:80', path: '/order', query: 'a=1&b=%20' };
    const body = Buffer.from('{"pair":"XBTUSD"}');

    const signed = await bench.runner.signVenueRequest({ requestId: '', ...request, body });

    assert.deepEqual(signed, {
      ...{ query: 'a=1&b=%20&signed=yes', headers: { 'X-Key': 'name' } },
      body: Buffer.from('{"pair":"XBTUSD"}&signed=yes'),
    });
    assert.deepEqual(bench.signed[0]?.payload, { $case: 'venue', value: { ...request, body } });
  });

  it('has messages, typed data and digests signed', async () => {
    await using bench = await openBench();
    const { runner } = bench;
    const [message, digest] = [Buffer.from('hello'), Buffer.alloc(32, 7)];

    const signatures = [
      await runner.signEvmMessage({ requestId: '', message }),
      await runner.signEvmTypedData({ requestId: '', typedData: { primaryType: 'Mail' } }),
      await runner.signSolanaMessage({ requestId: '', message }),
      await runner.signPrehashed({ requestId: '', digest }),
    ];

    assert.deepEqual(signatures, [SIGNATURE, SIGNATURE, SIGNATURE, SIGNATURE]);
    assert.deepEqual(
      bench.signed.map(({ payload }) => payload),
      [
        { $case: 'evmMessage', value: message },
        { $case: 'evmTypedData', value: '{"primaryType":"Mail"}' },
        { $case: 'solanaMessage', value: message },
        { $case: 'prehashed', value: digest },
      ],
    );
  });

  it('has transactions of Ethereum signed', async () => {
    await using bench = await openBench();
    const to = `0x${'35'.repeat(20)}`;
    const fields = { chainId: 300, nonce: 0, gasLimit: 21_000, to, value: '1000' };

    const signed = await bench.runner.signEvmTransaction({
      ...{ requestId: '', ...fields, fee: { max: '200', maxPriority: '2' } },
    });

    assert.deepEqual(signed, { rawTransaction: '0x02', hash: '0x0102', sender: '0xme' });
    assert.deepEqual(bench.signed[0]?.payload, {
      $case: 'evmTransaction',
      value: EvmTransaction.fromPartial({
        ...{ chainId: 300n, nonce: 0n, gasLimit: 21_000n, to, value: '1000' },
        fee: { $case: 'dynamicFee', value: { maxFee: '200', maxPriorityFee: '2' } },
      }),
    });
  });

  it('reports progress and the end', async () => {
    await using bench = await openBench();
    const metrics = [{ name: 'balance', value: -12.25, unit: 'USDT' }];

    await bench.runner.reportProgress({ fraction: 0.5, message: 'half', metrics });
    await bench.runner.complete({ success: true, message: 'done', metrics });

    const { fraction, message, metrics: seen } = bench.progress[0]?.progress ?? {};
    assert.deepEqual(
      { fraction, message, seen },
      { fraction: 0.5, message: 'half', seen: metrics },
    );
    assert.deepEqual(bench.completed[0]?.report, { success: true, message: 'done', metrics });
  });
});

describe("what the example bot's client throws", () => {
  it('tells the reason of a refusal', async () => {
    await using bench = await openBench();

    const refusal = bench.runner.signRaw({ requestId: 'not an id', bytes: SIGNATURE });

    await assert.rejects(refusal, { code: INVALID_ARGUMENT, reason: 'REQUEST_INVALID' });
  });

  it('tells what a refusal is about, and how long to wait', async () => {
    await using bench = await openBench();

    const refusal = bench.runner.signRaw({ requestId: 'too-often', bytes: SIGNATURE });

    await assert.rejects(refusal, {
      ...{ code: RESOURCE_EXHAUSTED, reason: 'GRANT_RATE_EXCEEDED' },
      ...{ metadata: { grant_id: 'gra_1' }, retryAfterMs: 2_250 },
    });
  });

  it('tells that nobody is there as UNAVAILABLE', async () => {
    const runner = await connectRunner('/nowhere.sock');

    await assert.rejects(runner.getParameters(), { code: UNAVAILABLE, reason: '' });
  });
});

interface Runner {
  getParameters(): Promise<object>;
  signRaw(request: { requestId: string; bytes: Buffer }): Promise<Buffer>;
  signPrehashed(request: object): Promise<Buffer>;
  signEvmMessage(request: object): Promise<Buffer>;
  signEvmTypedData(request: object): Promise<Buffer>;
  signSolanaMessage(request: object): Promise<Buffer>;
  signVenueRequest(request: object): Promise<object>;
  signEvmTransaction(request: object): Promise<object>;
  reportProgress(progress: object): Promise<void>;
  complete(report: object): Promise<void>;
  close(): void;
}

async function connectRunner(socket: string): Promise<Runner> {
  const client = await import(urlOf('moving-average/ramet-client.mjs'));
  return client.connectRunner(socket);
}

interface Bench extends AsyncDisposable {
  readonly runner: Runner;
  readonly signed: readonly SignTransactionRequest[];
  readonly progress: readonly ReportProgressRequest[];
  readonly completed: readonly CompleteRequest[];
}

/** A runner that takes note of everything and refuses what is asked too often, and a client of it. */
async function openBench(): Promise<Bench> {
  const scope = new Scope();
  const folder = testFolder();
  scope.defer(async () => folder[Symbol.dispose]());
  const signed: SignTransactionRequest[] = [];
  const progress: ReportProgressRequest[] = [];
  const completed: CompleteRequest[] = [];
  const service = implement(RunnerServiceService, {
    getParameters: async () => ({
      ...{ cloneId: 'cln_1', executionId: 'exe_1', keyId: 'key_1' },
      parameters: [
        { name: 'fast', value: '5' },
        { name: 'long', value: 'ü'.repeat(300) },
      ],
    }),
    signTransaction: async (request) => {
      if (request.requestId === 'too-often') throw TOO_OFTEN;
      signed.push(request);
      const given = request.payload?.$case === 'venue' ? request.payload.value : undefined;
      const headers = [{ name: 'X-Key', value: 'name' }];
      const body = Buffer.from(`${given?.body ?? ''}&signed=yes`);
      const venue = { query: `${given?.query ?? ''}&signed=yes`, headers, body };
      return { signature: SIGNATURE, venue, evmTransaction: BROADCAST };
    },
    reportProgress: async (request) => {
      progress.push(request);
      return {};
    },
    complete: async (request) => {
      completed.push(request);
      return {};
    },
  });
  const socket = join(folder.path, 'runner.sock');
  const server = await serve({
    ...{ host: `unix:${socket}`, port: 0, services: [service], contract: loadContract() },
    ...{ authenticate: () => ANONYMOUS, clock: systemClock, logger: SILENT },
  });
  scope.use(server);
  const runner = await connectRunner(socket);
  scope.defer(async () => runner.close());
  return {
    ...{ runner, signed, progress, completed },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
