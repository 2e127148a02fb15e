import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setting } from './fixture.js';

/** A NATS server of a test's own, to be stopped and started at will. */
export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Prepares a server that is not running yet, open to all or to a token. Its store stays. */
export async function prepareNats(token?: string): Promise<NatsServer> {
  const store = await mkdtemp(join(tmpdir(), 'nats-'));
  const port = String(await freePort());
  let running: ChildProcess | undefined;

  async function stop(): Promise<void> {
    if (!running) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
    running = undefined;
  }

  return {
    url: `nats://127.0.0.1:${port}`,
    async start() {
      const args = ['-a', '127.0.0.1', '-p', port, '-js', '-sd', store];
      if (token !== undefined) args.push('--auth', token);
      running = spawn(setting('TEST_NATS_BIN'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
      await untilReady(running);
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(store, { recursive: true, force: true });
    },
  };
}

/** Waits for the line that says so, and reads on: a server with nobody to write to would die. */
async function untilReady({ stderr }: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve) => {
    stderr?.on('data', (chunk) => {
      log += String(chunk);
      if (log.includes('Server is ready')) resolve();
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
