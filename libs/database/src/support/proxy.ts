import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy in front of a server, to take the server away from a test alone. */
export interface Proxy extends AsyncDisposable {
  /** The server's address with the proxy's host and port. */
  readonly url: string;
  /** Closes all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Drops all connections, which learn of it one by one: when they are used. New ones are let through. */
  forget(): void;
  /** Lets connections through again. */
  mend(): Promise<void>;
}

/** Starts a proxy in front of the server of an address. */
export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const forgotten = new WeakSet<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    near.on('data', () => {
      if (forgotten.has(near)) for (const socket of [near, far]) socket.destroy();
    });
    near.on('close', () => far.destroy()).pipe(far);
    far.on('close', () => near.destroy()).pipe(near);
  });

  async function listen(at: number): Promise<number> {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  async function cut(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  const own = await listen(0);
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(own);
  return {
    url: url.href,
    cut,
    forget() {
      for (const socket of sockets) forgotten.add(socket);
    },
    mend: async () => void (await listen(own)),
    [Symbol.asyncDispose]: cut,
  };
}
