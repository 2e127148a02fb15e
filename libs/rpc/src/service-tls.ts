import { type CertificatePorts, type Certificates, openCertificates } from './certificates.js';
import type { ClientTls } from './channel.js';
import { isLocal } from './local.js';
import { type MeshIdentity, openMeshIdentity } from './mesh-identity.js';
import type { MeshListening } from './mesh-listener.js';

/** What a service is told of certificates: all of it that belongs together, or nothing. */
export interface TlsFiles {
  readonly host: string;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsCaFile?: string;
  readonly trustDomain?: string;
  readonly meshHost?: string;
  readonly meshPort?: number;
  readonly publicCertFile?: string;
  readonly publicKeyFile?: string;
}

/** Where a service listens with certificates, as `serve` takes it. */
export interface ServiceListening {
  readonly tls: Certificates | undefined;
  readonly mesh: MeshListening | undefined;
}

/** The certificates of a service. */
export interface ServiceTls extends Disposable {
  readonly listening: ServiceListening;
  /** How to call another service. Undefined where services call each other as everybody does. */
  to(service: string): ClientTls | undefined;
}

const LOOPBACK = '127.0.0.1';

/**
 * Opens the certificates that a service was given.
 *
 * Throws if one of them is not good, and if the service could be reached from elsewhere without.
 */
export function openServiceTls(
  config: TlsFiles,
  name: string,
  ports: CertificatePorts,
): ServiceTls {
  const identity = identityOf(config, name, ports);
  if (!identity && !isLocal(config.host)) {
    throw new Error(`serving on ${config.host} needs certificates between services: TLS_CERT_FILE`);
  }
  const tls = publicOf(config, ports);
  const { meshHost: host = '', meshPort: port = 0 } = config;
  return {
    listening: { tls, mesh: identity && { host: host || LOOPBACK, port, identity } },
    to: (service) => identity?.to(service),
    [Symbol.dispose]() {
      identity?.[Symbol.dispose]();
      tls?.[Symbol.dispose]();
    },
  };
}

function identityOf(
  { tlsCertFile, tlsKeyFile = '', tlsCaFile = '', trustDomain = '' }: TlsFiles,
  name: string,
  ports: CertificatePorts,
): MeshIdentity | undefined {
  if (!tlsCertFile) return undefined;
  const files = { certificate: tlsCertFile, key: tlsKeyFile, authority: tlsCaFile };
  return openMeshIdentity(files, { name, trustDomain }, ports);
}

function publicOf(
  { publicCertFile, publicKeyFile = '' }: TlsFiles,
  ports: CertificatePorts,
): Certificates | undefined {
  if (!publicCertFile) return undefined;
  const files = { certificate: publicCertFile, key: publicKeyFile };
  return openCertificates(files, { use: 'public' }, ports);
}
