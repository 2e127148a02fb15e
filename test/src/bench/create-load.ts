// One client process of the create benchmark: keeps a number of creations in flight for a while.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { CloneServiceService, CreateCloneRequest } from '@ramet/proto-gen/lifecycle.v1';
import { answerParent } from './child.js';
import type { LoadResult } from './load.js';

/** Somebody who creates clones. */
export interface Creator {
  readonly token: string;
  readonly userId: string;
}

/** What to do. */
export interface CreateOrder {
  readonly address: string;
  readonly creators: readonly Creator[];
  readonly botId: string;
  readonly concurrency: number;
  readonly ms: number;
}

const { path, requestSerialize, responseDeserialize } = CloneServiceService.createClone;
const EMPTY = CreateCloneRequest.decode(new Uint8Array());

const clients = new Map<string, Client>();
let requests = 0;

answerParent(async (order: CreateOrder): Promise<LoadResult> => {
  const { address, creators, concurrency, ms } = order;
  const client = clients.get(address) ?? new Client(address, credentials.createInsecure());
  clients.set(address, client);
  const latencies: number[] = [];
  const failures: string[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();

  const worker = async (index: number): Promise<void> => {
    const creator = creators[index % creators.length];
    if (!creator) return;
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${creator.token}`);
    while (performance.now() < start + ms) {
      const asked = performance.now();
      const failure = await call(client, metadata, requestOf(order, creator));
      latencies.push(performance.now() - asked);
      if (failure !== undefined) failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, index) => worker(index)));

  const { user, system } = process.cpuUsage(cpu);
  return {
    calls: latencies.length,
    failures: failures.length,
    firstFailure: failures[0] ?? '',
    ms: performance.now() - start,
    latencies: Float64Array.from(latencies).sort(),
    cpuMicros: user + system,
  };
});

function requestOf({ botId }: CreateOrder, { userId }: Creator): CreateCloneRequest {
  requests += 1;
  return {
    ...EMPTY,
    requestId: `bench-${process.pid}-${requests}`,
    owner: { owner: { $case: 'userId', value: userId } },
    botId,
    parameters: [{ name: 'symbol', value: 'BTCUSDT' }],
  };
}

function call(
  client: Client,
  metadata: Metadata,
  request: CreateCloneRequest,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + 10_000 };
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      options,
      (error) => resolve(error?.message),
    );
  });
}
