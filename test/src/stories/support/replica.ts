import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import type { ServiceName } from '@ramet/local';
import { freePort } from '@ramet/local/engines';
import { until } from './again.js';
import type { World } from './world.js';

const SERVICES = fileURLToPath(new URL('../../../../services/', import.meta.url));

/** Another process of a service, beside that of the mesh and on the same database. */
export interface Replica extends AsyncDisposable {
  readonly address: string;
  /** Settles with how the process ended: its code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): void;
  /** What it says of its health, as long as it says anything. */
  health(): AsyncGenerator<Health, void, void>;
}

export type Health = 'SERVING' | 'NOT_SERVING';

/**
 * Starts one more process of a service with the settings of the first, and waits until it serves.
 * `more` are settings of its own.
 */
export async function startReplica(
  { mesh }: Pick<World, 'mesh'>,
  service: ServiceName,
  more: Readonly<Record<string, string>> = {},
): Promise<Replica> {
  const port = await freePort();
  const program = join(SERVICES, service, 'dist', 'program', 'main.js');
  const log = openSync(join(mesh.layout.logs, `${service}-replica-${port}.log`), 'a');
  const process_ = spawn(process.execPath, ['--enable-source-maps', program], {
    cwd: mesh.layout.state,
    env: {
      ...settingsOf(mesh.service(service).pid),
      PORT: String(port),
      MESH_PORT: '0',
      METRICS_PORT: '0',
      ...more,
    },
    stdio: ['ignore', log, log],
  });
  const ended = endOf(process_);
  const address = `127.0.0.1:${port}`;
  const health = () => watchHealth(address);
  await until('the replica serves', async () => (await health().next()).value === 'SERVING');
  return {
    address,
    ended,
    health,
    kill: (signal) => void process_.kill(signal),
    async [Symbol.asyncDispose]() {
      process_.kill('SIGKILL');
      await ended;
    },
  };
}

async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  const [code, signal] = await once(child, 'exit');
  return signal ?? code;
}

/** The environment of a process that runs. */
export function settingsOf(pid: number | undefined): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const at = line.indexOf('=');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );
}

/** grpc.health.v1 by hand: the empty request asks for the whole process. */
async function* watchHealth(address: string): AsyncGenerator<Health, void, void> {
  const client = new Client(address, credentials.createInsecure());
  const raw = (bytes: Buffer): Buffer => bytes;
  const path = '/grpc.health.v1.Health/Watch';
  const call = client.makeServerStreamRequest(path, raw, raw, Buffer.alloc(0));
  try {
    for await (const bytes of call) yield (bytes as Buffer)[1] === 1 ? 'SERVING' : 'NOT_SERVING';
  } catch {
    // It is gone, and says nothing any more.
  } finally {
    call.cancel();
    client.close();
  }
}
