// The client process of the watch benchmark: keeps many watches open, and counts what they are told.
import { Client, type ClientReadableStream, credentials, Metadata } from '@grpc/grpc-js';
import {
  CloneServiceService,
  WatchClonesRequest,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { answerParent } from './child.js';

/** Somebody who watches, and by which filters. */
export interface Watching {
  readonly token: string;
  readonly filters: readonly Partial<WatchClonesRequest>[];
  /** How many watches there are by each filter. */
  readonly each: number;
}

/** What a client is asked. */
export type WatchLoadQuestion =
  | { readonly ask: 'open'; readonly address: string; readonly watching: readonly Watching[] }
  | { readonly ask: 'await'; readonly address: string; readonly changes: number };

/** What a client says. */
export interface WatchLoadAnswer {
  /** How many changes have come since the last time. */
  readonly changes: number;
  /** The last change, as it came. */
  readonly sample: Uint8Array;
  readonly cpuMicros: number;
}

interface Opened {
  changes: number;
  sample: Buffer;
  onChange: () => void;
}

const { path, requestSerialize, responseDeserialize } = CloneServiceService.watchClones;
/** How the bytes of a change begin: field 2. */
const CHANGE = 0x12;

const opened = new Map<string, Opened>();

answerParent(async (question: WatchLoadQuestion): Promise<WatchLoadAnswer> => {
  const { address } = question;
  if (question.ask === 'open') {
    await open(address, question.watching);
    return { changes: 0, sample: Buffer.alloc(0), cpuMicros: 0 };
  }
  const cpu = process.cpuUsage();
  const changes = await untilCounted(opened.get(address), question.changes);
  const { user, system } = process.cpuUsage(cpu);
  const sample = opened.get(address)?.sample ?? Buffer.alloc(0);
  return { changes, sample, cpuMicros: user + system };
});

async function open(address: string, watching: readonly Watching[]): Promise<void> {
  const state: Opened = { changes: 0, sample: Buffer.alloc(0), onChange: () => undefined };
  opened.set(address, state);
  for (const { token, filters, each } of watching) {
    // A connection for each of them, with all of their watches.
    const client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const requests = filters.flatMap((filter) => Array.from({ length: each }, () => filter));
    await Promise.all(
      requests.map((filter) => {
        const request = WatchClonesRequest.fromPartial(filter);
        const stream = client.makeServerStreamRequest(
          path,
          requestSerialize,
          (bytes) => bytes as unknown as WatchClonesResponse,
          request,
          metadata,
        );
        return begin(stream as unknown as ClientReadableStream<Buffer>, state);
      }),
    );
  }
}

/** Counts changes. Resolves with the first thing that is told: then the watch goes on by itself. */
function begin(stream: ClientReadableStream<Buffer>, state: Opened): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', (bytes: Buffer) => {
      resolve();
      if (bytes[0] !== CHANGE) return;
      state.changes += 1;
      state.sample = bytes;
      state.onChange();
    });
  });
}

async function untilCounted(state: Opened | undefined, count: number): Promise<number> {
  if (!state) throw new Error('nothing is open');
  if (state.changes < count) {
    await new Promise<void>((resolve) => {
      state.onChange = () => {
        if (state.changes >= count) resolve();
      };
    });
  }
  const { changes } = state;
  state.changes = 0;
  // What was received is what is sent: it can be read.
  responseDeserialize(state.sample);
  return changes;
}
