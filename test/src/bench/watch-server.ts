// One server process of the watch benchmark: lifecycle itself, or bare streams to compare it with.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerWritableStream, UntypedHandleCall } from '@grpc/grpc-js';
import { type Outside, startLifecycle } from '@ramet/lifecycle/testing';
import { CloneServiceService } from '@ramet/proto-gen/lifecycle.v1';
import { noFailpoints, systemClock, systemIds } from '@ramet/service';
import { startTelemetry } from '@ramet/telemetry';
import { startBareServer } from './bare-server.js';
import { answerParent } from './child.js';
import { playedConfig, playedPeers } from './played-peers.js';

/** What a server is asked. */
export type WatchServerQuestion =
  | {
      readonly ask: 'start';
      readonly kind: 'bare' | 'lifecycle';
      readonly issuer: string;
      readonly databaseUrl: string;
    }
  | { readonly ask: 'write'; readonly bytes: Uint8Array; readonly each: number }
  | { readonly ask: 'cpu' };

/** What a server says. */
export interface WatchServerAnswer {
  readonly address: string;
  readonly cpuMicros: number;
  readonly residentBytes: number;
}

type Start = Extract<WatchServerQuestion, { readonly ask: 'start' }>;
type Stream = ServerWritableStream<Buffer, Buffer>;

const traces = mkdtempSync(join(tmpdir(), 'ramet-bench-'));
process.once('exit', () => rmSync(traces, { recursive: true, force: true }));

const streams = new Set<Stream>();

answerParent(async (question: WatchServerQuestion): Promise<WatchServerAnswer> => {
  const address = question.ask === 'start' ? await start(question) : '';
  if (question.ask === 'write') {
    const bytes = Buffer.from(question.bytes);
    await Promise.all([...streams].map((stream) => write(stream, bytes, question.each)));
  }
  const { user, system } = process.cpuUsage();
  return { address, cpuMicros: user + system, residentBytes: process.memoryUsage.rss() };
});

function start(order: Start): Promise<string> {
  return order.kind === 'bare' ? startBare() : startReal(order);
}

/** Writes as fast as it is read. */
async function write(stream: Stream, bytes: Buffer, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    if (stream.write(bytes)) continue;
    await new Promise<void>((resolve) => stream.once('drain', resolve));
  }
}

function startBare(): Promise<string> {
  const { watchClones } = CloneServiceService;
  const definition = {
    watchClones: { ...watchClones, responseSerialize: (bytes: Buffer) => bytes },
  };
  const handle: UntypedHandleCall = (stream: Stream) => {
    streams.add(stream);
    stream.on('cancelled', () => streams.delete(stream));
    // An empty response, as a watch begins with something as well.
    stream.write(Buffer.alloc(0));
  };
  return startBareServer(definition as never, { watchClones: handle });
}

async function startReal({ issuer, databaseUrl }: Start): Promise<string> {
  const { logger } = await startTelemetry({
    service: 'lifecycle',
    tracesDir: traces,
    logLevel: 'error',
  });
  const outside: Outside = {
    ...{ clock: systemClock, ids: systemIds, failpoints: noFailpoints, logger },
    connect: () => playedPeers(issuer),
  };
  return (await startLifecycle(playedConfig(databaseUrl), outside)).address;
}
