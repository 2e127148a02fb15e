import { once } from 'node:events';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '@ramet/service';
import { freePort } from './ports.js';
import { dieWithParent, type Exit, startProcess } from './process.js';
import { keptSecret, privateFolder, writePrivate } from './secrets.js';
import { Supervised } from './supervised.js';

export interface NatsOptions {
  /** The program, as `findNats` found it. */
  readonly program: string;
  /** Where JetStream keeps its streams. */
  readonly folder: string;
  readonly tokenFile: string;
  readonly logFile: string;
  /** A free one by default. */
  readonly port?: number;
  readonly restart?: boolean;
  /** The environment of the server, such as a mark to find it by. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  onUnasked?(name: string, exit: Exit): void;
}

/** A NATS server with JetStream of our own, for as long as we live. */
export interface Nats extends AsyncDisposable {
  readonly port: number;
  /** Its address, without the token. */
  readonly url: string;
  readonly token: string;
  readonly process: Supervised;
}

const READY_MS = 15_000;
const GRACE_MS = 10_000;
const CONNECT_MS = 2_000;

/**
 * Starts a server on the loopback interface and waits until it serves.
 *
 * Clients need the token, which the server reads from a private file and never from an argument.
 */
export async function startNats(options: NatsOptions): Promise<Nats> {
  const clock = options.clock ?? systemClock;
  const folder = privateFolder(resolve(options.folder));
  const token = keptSecret(options.tokenFile).toString();
  const port = options.port ?? (await freePort());
  const configFile = join(folder, 'server.conf');
  writePrivate(configFile, configuration({ port, token, store: join(folder, 'jetstream') }));
  const process = new Supervised({
    name: 'nats',
    logFile: options.logFile,
    clock,
    stopSignal: 'SIGTERM',
    graceMs: GRACE_MS,
    readyMs: READY_MS,
    restart: options.restart ?? false,
    launch: () =>
      startProcess({
        argv: [...dieWithParent('TERM'), options.program, '-c', configFile],
        env: { PATH: '/usr/bin:/bin', ...options.env },
        logFile: options.logFile,
        cwd: folder,
      }),
    isServing: () => answers(port, token, clock),
    ...(options.onUnasked && { onUnasked: options.onUnasked }),
  });
  try {
    await process.start();
  } catch (thrown) {
    await process.stop();
    throw thrown;
  }
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    token,
    process,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

interface Configuration {
  readonly port: number;
  readonly token: string;
  readonly store: string;
}

function configuration({ port, token, store }: Configuration): string {
  return [
    `listen: "127.0.0.1:${port}"`,
    `jetstream { store_dir: ${JSON.stringify(store)} }`,
    `authorization { token: ${JSON.stringify(token)} }`,
    '',
  ].join('\n');
}

/** Tells whether the server on this port takes our token: a stranger's does not. */
async function answers(port: number, token: string, clock: Clock): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const cancel = clock.after(CONNECT_MS, () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
    const hello = JSON.stringify({ auth_token: token, verbose: false, pedantic: false });
    socket.write(`CONNECT ${hello}\r\nPING\r\n`);
    let heard = '';
    for await (const piece of socket) {
      heard += String(piece);
      if (heard.includes('-ERR')) return false;
      if (heard.includes('PONG')) return heard.includes('"jetstream":true');
    }
    return false;
  } finally {
    cancel();
    socket.destroy();
  }
}
