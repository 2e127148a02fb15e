// One client process of the list benchmark: turns the pages of a list, over and over, for a while.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import {
  CloneServiceService,
  CloneView,
  ListClonesRequest,
  type ListClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { answerParent } from './child.js';
import type { LoadResult } from './load.js';

/** What to do. */
export interface ListOrder {
  readonly address: string;
  readonly token: string;
  readonly pageSize: number;
  readonly concurrency: number;
  readonly ms: number;
}

const { path, requestSerialize, responseDeserialize } = CloneServiceService.listClones;
const EMPTY = ListClonesRequest.decode(new Uint8Array());

const clients = new Map<string, Client>();

answerParent(async (order: ListOrder): Promise<LoadResult> => {
  const { address, token, pageSize, concurrency, ms } = order;
  const client = clients.get(address) ?? new Client(address, credentials.createInsecure());
  clients.set(address, client);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const latencies: number[] = [];
  const failures: string[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();

  const worker = async (): Promise<void> => {
    let pageToken = '';
    while (performance.now() < start + ms) {
      const asked = performance.now();
      const request = { ...EMPTY, view: CloneView.ALL, pageSize, pageToken };
      const answer = await call(client, metadata, request);
      latencies.push(performance.now() - asked);
      if (typeof answer === 'string') failures.push(answer);
      else if (answer.clones.length !== pageSize)
        failures.push(`a page of ${answer.clones.length}`);
      else pageToken = answer.nextPageToken;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));

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

/** A page, or why there is none. */
function call(
  client: Client,
  metadata: Metadata,
  request: ListClonesRequest,
): Promise<ListClonesResponse | string> {
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + 10_000 };
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      options,
      (error, response) => resolve(error?.message ?? response ?? 'no answer'),
    );
  });
}
