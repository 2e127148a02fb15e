import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MeshCertificates } from './certificates.js';
import type { Ports } from './kept-ports.js';
import { HOUSE, type Layout, SERVICES, type ServiceName } from './layout.js';
import type { MeshSecrets } from './mesh-secrets.js';

/** A name for each port of the services. */
export type ServicePort = ServiceName | `${ServiceName}-${'mesh' | 'metrics'}`;

/** What is said to every service of a mesh. */
export interface Surroundings {
  readonly layout: Layout;
  readonly secrets: MeshSecrets;
  readonly certificates: MeshCertificates;
  readonly ports: Ports<ServicePort>;
  /** The address of the database for a role, without a password. */
  databaseUrl(service: ServiceName): string;
  readonly natsUrl: string;
  readonly natsTokenFile: string | undefined;
  readonly logLevel: string;
}

type Env = Readonly<Record<string, string>>;

/** The variable that marks every process of a mesh, down to the workloads. */
export const MARK = 'RAMET_STATE_DIR';

/** The mark and the few variables that any program needs: nothing of ours leaks into a child. */
export function baseEnv(layout: Layout, outer: Readonly<Record<string, string | undefined>>): Env {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG'].flatMap((name) => {
    const value = outer[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), [MARK]: layout.state };
}

/** The settings of one service, as its `config.ts` reads them. */
export function serviceEnv(service: ServiceName, around: Surroundings): Env {
  const { layout, secrets, ports } = around;
  const addresses = SERVICES.map((peer) => {
    return [`${peer.toUpperCase()}_ADDRESS`, `127.0.0.1:${ports[`${peer}-mesh`]}`] as const;
  });
  return {
    HOST: '127.0.0.1',
    PORT: String(ports[service]),
    ...tlsEnv(service, around),
    METRICS_PORT: String(ports[`${service}-metrics`]),
    DATABASE_URL: around.databaseUrl(service),
    DATABASE_PASSWORD_FILE: secrets.databasePassword(service),
    NATS_URL: around.natsUrl,
    ...(around.natsTokenFile !== undefined && { NATS_TOKEN_FILE: around.natsTokenFile }),
    ...Object.fromEntries(addresses),
    SERVICE_KEY_FILE: secrets.serviceKey(service),
    TRACES_DIR: layout.traces,
    FAILPOINTS_DIR: layout.failpoints,
    LOG_LEVEL: around.logLevel,
    ...own(service, around),
  };
}

/** What the service proves itself with to the others, and where they call. */
function tlsEnv(service: ServiceName, { certificates, ports }: Surroundings): Env {
  const { certificate, key, authority } = certificates.filesOf(service);
  return {
    MESH_HOST: '127.0.0.1',
    MESH_PORT: String(ports[`${service}-mesh`]),
    TLS_CERT_FILE: certificate,
    TLS_KEY_FILE: key,
    TLS_CA_FILE: authority,
    TRUST_DOMAIN: certificates.trustDomain,
  };
}

function own(service: ServiceName, { layout, secrets, ports }: Surroundings): Env {
  switch (service) {
    case 'teams':
      return {
        TOKEN_KEY_FILE: secrets.tokenKey,
        BOOTSTRAP_TOKEN_FILE: secrets.bootstrapToken,
        SERVICE_KEYS_DIR: secrets.serviceKeys,
      };
    case 'keys':
      return { KEK_FILE: secrets.kek };
    case 'lifecycle':
      return {
        SECRETS_KEY_FILE: secrets.secretsKey,
        WEBHOOK_ALLOW_PRIVATE: 'true',
        BLOBS_URL: pathToFileURL(layout.blobs).href,
      };
    case 'executor':
      return {
        STATE_DIR: layout.executor,
        RUN_DIR: layout.run,
        // The mesh is one machine's own, and so is what it fetches from.
        INPUTS_ALLOW_PRIVATE: 'true',
        BUNDLES_DIR: join(HOUSE, 'deploy', 'examples'),
        HOST_ID: `local-${layout.id}`,
        RUNNER_TEAMS_ADDRESS: `127.0.0.1:${ports.teams}`,
        RUNNER_KEYS_ADDRESS: `127.0.0.1:${ports.keys}`,
        RUNNER_LIFECYCLE_ADDRESS: `127.0.0.1:${ports.lifecycle}`,
        STOP_WORKLOADS_ON_EXIT: 'true',
      };
  }
}
