import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Ids, systemIds } from '@ramet/service';

/** Below what the kernel gives to outgoing connections, so that a remembered port stays free. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES = 100;

/** A port of the loopback interface that nobody listens on. */
export async function freePort(ids: Ids = systemIds): Promise<number> {
  for (let i = 0; i < TRIES; i += 1) {
    const port = LOWEST + (ids.bytes(4).readUInt32LE() % (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`);
}

/** Tells whether a port of the loopback interface can be listened on. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
