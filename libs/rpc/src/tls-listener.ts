import { constants } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type SecureContextOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { Certificates, Material } from './certificates.js';

/** Where to listen, and with what. */
export interface TlsListening {
  readonly host: string;
  readonly port: number;
  readonly certificates: Certificates;
  /** Whether clients need a certificate of the authority, too. */
  readonly mutual: boolean;
  /** Takes a connection that is safe. One that is not wanted is destroyed. */
  admit(socket: TLSSocket): boolean;
  /** Told why a connection was not made. */
  onRefused(reason: string, address: string): void;
}

/** What listens. Closing it leaves the connections to the server that has them. */
export interface TlsListener {
  readonly port: number;
  close(): void;
}

const HANDSHAKE_MS = 10_000;

/**
 * Listens for TLS 1.3, and hands connections to a server of grpc-js.
 *
 * The listener is ours, since that of grpc-js says nothing of those that it refuses, takes TLS 1.2,
 * and lets sessions be resumed: a certificate would go on to be good after its end.
 */
export async function listenTls(server: Server, listening: TlsListening): Promise<TlsListener> {
  const { host, port, certificates, mutual } = listening;
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer({
    ...contextOf(certificates.current, mutual),
    ...ASKING[mutual ? 'all' : 'nobody'],
    ALPNProtocols: ['h2'],
    handshakeTimeout: HANDSHAKE_MS,
  });
  listener.on('tlsClientError', (error, socket) => {
    listening.onRefused(reasonOf(error, socket), addressOf(socket));
  });
  listener.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    if (listening.admit(socket)) injector.injectConnection(socket);
    else socket.destroy();
  });
  const forget = certificates.onChange((next) => {
    listener.setSecureContext(contextOf(next, mutual));
  });

  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ host, port }, resolve);
  });
  return {
    port: (listener.address() as AddressInfo).port,
    close() {
      forget();
      listener.close();
    },
  };
}

const ASKING = {
  all: { requestCert: true, rejectUnauthorized: true },
  nobody: {},
} as const satisfies Record<string, TlsOptions>;

function contextOf(
  { certificate, key, authority }: Material,
  mutual: boolean,
): SecureContextOptions {
  return {
    cert: certificate,
    key,
    ...(mutual && { ca: authority }),
    minVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** Why a connection was not made: what is wrong with the certificate, or else with the handshake. */
function reasonOf(error: NodeJS.ErrnoException, { authorizationError }: TLSSocket): string {
  return String(authorizationError ?? error.code ?? error.message);
}

function addressOf({ remoteAddress = '' }: TLSSocket): string {
  return remoteAddress;
}
