import type { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';
import { type Counter, metrics } from '@opentelemetry/api';
import { Limiter } from './limiter.js';
import type { MeshIdentity } from './mesh-identity.js';
import type { Peer } from './peer.js';
import type { Clock, Logger } from './ports.js';
import { serviceIn } from './spiffe.js';
import { listenTls, type TlsListener } from './tls-listener.js';

/** Where the other services call. */
export interface MeshListening {
  readonly host: string;
  readonly port: number;
  readonly identity: MeshIdentity;
}

interface Ports {
  readonly clock: Clock;
  readonly logger: Logger;
}

const PEER = Symbol('ramet.peer');
/** Strangers do not fill the log: of more refusals than this, only the metric tells. */
const TOLD = { perSecond: 1, burst: 20 };
const NOBODY: Peer = { via: 'public' };

/** A connection that a service of the mesh has made. */
interface Proven {
  [PEER]?: Peer;
}

/** Lets the other services of the mesh connect, and nobody else. */
export function listenToMesh(
  server: Server,
  { host, port, identity }: MeshListening,
  ports: Ports,
): Promise<TlsListener> {
  const onRefused = tellingOf(ports);
  return listenTls(server, {
    ...{ host, port, certificates: identity, mutual: true, onRefused },
    admit(socket: TLSSocket & Proven) {
      const names = socket.getPeerX509Certificate()?.subjectAltName ?? '';
      const service = serviceIn(names, identity.trustDomain);
      if (service === undefined) {
        onRefused('no service of this mesh', socket.remoteAddress ?? '', names);
        return false;
      }
      socket[PEER] = { via: 'mesh', service };
      return true;
    },
  });
}

/** What the socket below a call to the mesh's listener has proven. */
export function peerOf(socket: object | undefined): Peer {
  return (socket as Proven | undefined)?.[PEER] ?? NOBODY;
}

function tellingOf({ clock, logger }: Ports) {
  const limiter = new Limiter({ rate: TOLD, clock });
  const refused: Counter = metrics.getMeter('@ramet/rpc').createCounter('mesh_peers_refused', {
    description: 'Connections of peers that could not prove to be of this mesh, by reason.',
  });
  return (reason: string, address: string, names = ''): void => {
    refused.add(1, { reason });
    if (limiter.tryCharge('', 1)) return;
    logger.warn('a peer was refused', { reason, address, names });
  };
}
