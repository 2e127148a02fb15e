import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { systemIds } from '@ramet/service';
import { type Layout, SERVICES, type ServiceName } from './layout.js';
import { keptSecret } from './secrets.js';
import { makeServiceKey } from './service-key.js';

/** The files of a mesh's secrets, each readable by its owner alone. */
export interface MeshSecrets {
  readonly postgres: string;
  readonly nats: string;
  /** What signs tokens: an Ed25519 key, PKCS #8 as PEM. */
  readonly tokenKey: string;
  /** What seals keys: 32 bytes. */
  readonly kek: string;
  /** What seals the secrets that lifecycle keeps: base64 keys of 32 bytes, one per line. */
  readonly secretsKey: string;
  /** What the first administrator is made against. */
  readonly bootstrapToken: string;
  /** The folder with each service's own API key, in a file of its name. */
  readonly serviceKeys: string;
  databasePassword(service: ServiceName): string;
  serviceKey(service: ServiceName): string;
}

const KEK_BYTES = 32;

/** Makes every secret that is missing. Those that are there stay as they are. */
export function makeSecrets({ secrets }: Layout): MeshSecrets {
  const serviceKeys = join(secrets, 'services');
  const files: MeshSecrets = {
    postgres: join(secrets, 'postgres'),
    nats: join(secrets, 'nats'),
    tokenKey: join(secrets, 'token-key.pem'),
    kek: join(secrets, 'kek'),
    secretsKey: join(secrets, 'secrets-key'),
    bootstrapToken: join(secrets, 'bootstrap-token'),
    serviceKeys,
    databasePassword: (service) => join(secrets, 'database', service),
    serviceKey: (service) => join(serviceKeys, service),
  };
  keptSecret(files.postgres);
  keptSecret(files.nats);
  keptSecret(files.bootstrapToken);
  keptSecret(files.kek, () => systemIds.bytes(KEK_BYTES));
  keptSecret(files.secretsKey, () => systemIds.bytes(KEK_BYTES).toString('base64'));
  keptSecret(files.tokenKey, () => {
    return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  });
  for (const service of SERVICES) {
    keptSecret(files.databasePassword(service));
    keptSecret(files.serviceKey(service), () => makeServiceKey());
  }
  return files;
}
