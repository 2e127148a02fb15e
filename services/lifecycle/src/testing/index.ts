import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@ramet/config';
import type { Bus } from '@ramet/database';
import {
  type Clock,
  type Failpoints,
  noFailpoints,
  Scope,
  systemClock,
  systemIds,
} from '@ramet/service';
import type { WatchLimits } from '../deps.js';
import type { Deadlines } from '../domain/phases.js';
import { connectPeers } from '../outside/connect-peers.js';
import { SEALING_KEY_BYTES } from '../sealing/sealer.js';
import { type LifecycleService, startLifecycle } from '../service.js';

export type { Outside, Peers } from '../deps.js';
export { DEADLINES, type Deadlines } from '../domain/phases.js';
export { type LifecycleService, type ServiceConfig, startLifecycle } from '../service.js';

export { fillClones, manyOwner } from './many-clones.js';

/** What may differ from one test to the next. */
export interface TestLifecycleOptions {
  readonly databaseUrl: string;
  readonly teamsAddress: string;
  /** Nobody is there unless they are given. */
  readonly keysAddress?: string;
  readonly executorAddress?: string;
  /** The service's own key at teams. */
  readonly serviceKey: string;
  /** Any free one if absent. Peers that call back have to know it before. */
  readonly port?: number;
  readonly bus?: Bus;
  readonly deadlines?: Deadlines;
  readonly cloneQuota?: number;
  readonly reconcileMs?: number;
  readonly leaseMs?: number;
  readonly webhookAllowPrivate?: boolean;
  readonly failpoints?: Failpoints;
  /** The clock of its process: the right one if absent. */
  readonly clock?: Clock;
  readonly watch?: Partial<WatchLimits>;
  /** Where results lie. A folder that goes with the service if absent. */
  readonly blobsDir?: string;
  readonly resultsMaxBytes?: number;
  readonly tombstoneRetentionMs?: number;
  readonly sweepMs?: number;
  readonly renewMs?: number;
  /** How often a caller may call in a second, and at once: as often as they like if absent. */
  readonly rate?: { readonly rateLimit: number; readonly rateBurst: number };
}

const NOBODY = '127.0.0.1:9';

const silent = (): void => undefined;
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

/** Starts a real lifecycle service in this process, on loopback. */
export async function startTestLifecycle(options: TestLifecycleOptions): Promise<LifecycleService> {
  const addresses = {
    teamsAddress: options.teamsAddress,
    keysAddress: options.keysAddress ?? NOBODY,
    executorAddress: options.executorAddress ?? NOBODY,
    serviceKey: new Secret(Buffer.from(options.serviceKey)),
  };
  await using scope = new Scope();
  const dir = options.blobsDir ?? (await temporaryFolder(scope));
  const config = {
    blobsLocation: { kind: 'disk', dir },
    host: '127.0.0.1',
    port: options.port ?? 0,
    databaseUrl: options.databaseUrl,
    databasePassword: undefined,
    secretsKeys: [Buffer.alloc(SEALING_KEY_BYTES, 7)],
    cloneQuota: options.cloneQuota ?? 100,
    reconciles: true,
    reconcileMs: options.reconcileMs ?? 200,
    leaseMs: options.leaseMs ?? 10_000,
    webhookAllowPrivate: options.webhookAllowPrivate ?? true,
    ...options.rate,
    ...(options.deadlines && { deadlines: options.deadlines }),
    ...(options.watch && { watch: options.watch }),
    ...(options.resultsMaxBytes !== undefined && { resultsMaxBytes: options.resultsMaxBytes }),
    ...(options.sweepMs !== undefined && { sweepMs: options.sweepMs }),
    renewMs: options.renewMs,
    ...(options.tombstoneRetentionMs !== undefined && {
      tombstoneRetentionMs: options.tombstoneRetentionMs,
    }),
  } as const;
  const { clock = systemClock } = options;
  const service = await startLifecycle(config, {
    clock,
    ids: systemIds,
    failpoints: options.failpoints ?? noFailpoints,
    logger: SILENT,
    ...(options.bus && { bus: options.bus }),
    connect: (noTransaction) => connectPeers(addresses, { clock, noTransaction }),
  });
  scope.use(service);
  const running = scope.move();
  return {
    port: service.port,
    address: service.address,
    get watched() {
      return service.watched;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** A folder for blobs that is removed with what uses it. */
export async function temporaryFolder(scope: Scope): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'ramet-results-'));
  scope.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
