import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { Certificates } from './certificates.js';
import { isLocal } from './local.js';
import { listenTls, type TlsListener } from './tls-listener.js';

/** Where users and runners call. */
export interface PublicListening {
  readonly host: string;
  readonly port: number;
  readonly tls: Certificates | undefined;
}

/** sockaddr_un holds no more; Node would cut a longer path off without an error. */
const MAX_SOCKET_PATH_BYTES = 107;

/** Listens for everybody: with a certificate, or in plaintext on this machine alone. */
export async function listenPublicly(
  server: Server,
  { host, port, tls }: PublicListening,
  onRefused: (reason: string, address: string) => void,
): Promise<TlsListener> {
  if (tls) {
    return listenTls(server, {
      ...{ host, port, certificates: tls, mutual: false, onRefused },
      admit: () => true,
    });
  }
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(addressOf(host, port), ServerCredentials.createInsecure(), (error, chosen) =>
      error ? reject(error) : resolve(chosen),
    );
  });
  return { port: bound, close: () => undefined };
}

/** Throws if there is no listening like that: the path is too long, or plaintext would leave us. */
export function assertBindable(host: string, tls: Certificates | undefined): void {
  if (host.startsWith('unix:')) {
    const bytes = Buffer.byteLength(host.slice('unix:'.length));
    if (bytes <= MAX_SOCKET_PATH_BYTES) return;
    throw new Error(`a socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes, not ${bytes}`);
  }
  if (isLocal(host) || tls) return;
  throw new Error(`plaintext is for loopback only: serving on ${host} needs a certificate`);
}

/** What `connect` takes to reach a host and port. */
export function addressOf(host: string, port: number): string {
  if (host.startsWith('unix:')) return host;
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
