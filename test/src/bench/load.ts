// One client process: keeps a number of calls in flight for a while, and measures them.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { SigningServiceService, type SignTransactionRequest } from '@ramet/proto-gen/keys.v1';
import { answerParent } from './child.js';

/** One caller: its token, and the key that it signs with. */
export interface BenchCaller {
  readonly token: string;
  readonly keyId: string;
}

/** What to do. */
export interface LoadOrder {
  readonly address: string;
  readonly callers: readonly BenchCaller[];
  readonly concurrency: number;
  readonly ms: number;
  /** How many calls at least, however long that takes. */
  readonly minCalls: number;
  readonly payloadBytes: number;
}

/** What came of it. */
export interface LoadResult {
  readonly calls: number;
  readonly failures: number;
  readonly firstFailure: string;
  readonly ms: number;
  /** How long each call took, in milliseconds, in order. */
  readonly latencies: Float64Array;
  readonly cpuMicros: number;
}

const { path, requestSerialize, responseDeserialize } = SigningServiceService.signTransaction;

const clients = new Map<string, Client>();
let requests = 0;

answerParent(async (order: LoadOrder): Promise<LoadResult> => {
  const { address, callers, concurrency, ms, minCalls, payloadBytes } = order;
  const client = clients.get(address) ?? new Client(address, credentials.createInsecure());
  clients.set(address, client);
  const latencies: number[] = [];
  let failures = 0;
  let firstFailure = '';
  const cpu = process.cpuUsage();
  const start = performance.now();
  const until = start + ms;
  const raw = Buffer.alloc(payloadBytes, 0x61);

  const worker = async (index: number): Promise<void> => {
    const caller = callers[index % callers.length];
    if (!caller) return;
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${caller.token}`);
    while (performance.now() < until || latencies.length < minCalls) {
      requests += 1;
      const request: SignTransactionRequest = {
        requestId: `bench-${process.pid}-${requests}`,
        keyId: caller.keyId,
        payload: { $case: 'raw', value: raw },
      };
      const asked = performance.now();
      const failure = await call(client, metadata, request);
      latencies.push(performance.now() - asked);
      if (failure !== undefined) {
        failures += 1;
        firstFailure ||= failure;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, index) => worker(index)));

  const used = process.cpuUsage(cpu);
  return {
    ...{ failures, firstFailure, calls: latencies.length },
    ms: performance.now() - start,
    latencies: Float64Array.from(latencies).sort(),
    cpuMicros: used.user + used.system,
  };
});

function call(
  client: Client,
  metadata: Metadata,
  request: SignTransactionRequest,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      { deadline: Date.now() + 10_000 },
      (error) => resolve(error?.message),
    );
  });
}
