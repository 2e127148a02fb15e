import { chmod, chown, rm } from 'node:fs/promises';
import { RunnerControlServiceService, RunnerServiceService } from '@ramet/proto-gen/runner.v1';
import {
  ANONYMOUS,
  type Contract,
  type Implemented,
  implement,
  type Logger,
  type RunningServer,
  serve,
} from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import type { RunnerConfig } from './config.js';
import type { Deps } from './deps.js';
import { complete } from './handlers/complete.js';
import { getParameters } from './handlers/get-parameters.js';
import { reportProgress } from './handlers/report-progress.js';
import { signTransaction } from './handlers/sign-transaction.js';
import { stopWorkload } from './handlers/stop-workload.js';

interface Serving {
  readonly contract: Contract;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A workload's socket carries little, and the runner is to stay small. */
const DRAIN_MS = 500;
const CONCURRENT_CALLS = 256;

/** Serves the executor of this host. The socket lies where only the mesh's own user gets. */
export function serveControl(
  { controlSocket }: RunnerConfig,
  deps: Deps,
  serving: Serving,
): Promise<RunningServer> {
  const handlers = { stopWorkload: stopWorkload(deps) };
  return serveAt(controlSocket, implement(RunnerControlServiceService, handlers), serving);
}

/**
 * Serves the workload. The socket lies in the workload's own folder, which keeps others out, so
 * that whoever calls is the workload.
 */
export async function serveWorkload(
  { runFolder, isolation }: RunnerConfig,
  deps: Deps,
  serving: Serving,
): Promise<RunningServer> {
  const socket = `${runFolder}/ramet.sock`;
  const handlers = {
    getParameters: getParameters(deps),
    signTransaction: signTransaction(deps),
    reportProgress: reportProgress(deps),
    complete: complete(deps),
  };
  const server = await serveAt(socket, implement(RunnerServiceService, handlers), serving);
  if (isolation.mode === 'user') await chown(socket, isolation.uid, isolation.uid);
  return server;
}

async function serveAt(path: string, service: Implemented, serving: Serving) {
  await rm(path, { force: true });
  const server = await serve({
    ...serving,
    host: `unix:${path}`,
    port: 0,
    services: [service],
    authenticate: () => ANONYMOUS,
    limits: { drainMs: DRAIN_MS, maxConcurrentStreams: CONCURRENT_CALLS },
  });
  await chmod(path, 0o600);
  server.setServing(true);
  return server;
}
