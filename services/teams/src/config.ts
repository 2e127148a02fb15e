import { AUDIT_RETENTION_DAYS } from '@ramet/audit';
import {
  flag,
  integer,
  oneOf,
  type Config as Read,
  readConfig,
  type Secret,
  secretFile,
  TLS_SETTINGS,
  type TlsConfig,
  text,
  wholeTls,
} from '@ramet/config';
import { readServiceKeys } from './credentials/service-keys.js';

const SETTINGS = {
  host: { env: 'HOST', parse: text, default: '127.0.0.1' },
  port: { env: 'PORT', parse: integer, default: 0 },
  metricsPort: { env: 'METRICS_PORT', parse: integer, default: 0 },
  ...TLS_SETTINGS,
  /** How many calls a second a caller may make, and how many at once. No limit if 0. */
  rateLimit: { env: 'RATE_LIMIT', parse: integer, default: 50 },
  rateBurst: { env: 'RATE_BURST', parse: integer, default: 200 },
  /** How many days records of the audit are kept. */
  auditRetentionDays: {
    env: 'AUDIT_RETENTION_DAYS',
    parse: integer,
    default: AUDIT_RETENTION_DAYS,
  },
  databaseUrl: { env: 'DATABASE_URL', parse: text },
  databasePassword: { env: 'DATABASE_PASSWORD_FILE', parse: secretFile, default: undefined },
  /** Without it nothing is published: history is served all the same. */
  natsUrl: { env: 'NATS_URL', parse: text, default: undefined },
  natsToken: { env: 'NATS_TOKEN_FILE', parse: secretFile, default: undefined },
  lifecycleAddress: { env: 'LIFECYCLE_ADDRESS', parse: text },
  /** Ed25519 private keys, PKCS #8 as PEM. The first signs tokens; all are published. */
  tokenKeys: { env: 'TOKEN_KEY_FILE', parse: keysThatChange },
  /** For how long a token is good. Who loses a key, or is disabled, can still call until then. */
  tokenLifeSeconds: { env: 'TOKEN_LIFE_SECONDS', parse: tokenLife, default: 300 },
  /** What the first administrator is made against. */
  bootstrapToken: { env: 'BOOTSTRAP_TOKEN_FILE', parse: secretFile },
  /** A folder with the key of each service, in a file of its name. */
  serviceKeys: { env: 'SERVICE_KEYS_DIR', parse: readServiceKeys },
  /** Whether only owners on the access list are admitted. */
  accessListEnabled: { env: 'ACCESS_LIST_ENABLED', parse: flag, default: false },
  /** Where tests arm the places at which this process is to die. */
  failpointsDir: { env: 'FAILPOINTS_DIR', parse: text, default: undefined },
  tracesDir: { env: 'TRACES_DIR', parse: text, default: undefined },
  logLevel: {
    env: 'LOG_LEVEL',
    parse: oneOf('debug', 'info', 'warn', 'error'),
    default: 'info' as const,
  },
} as const;

/** Keys that are read again whenever they are asked for. */
export interface TokenKeys {
  read(): Secret;
}

function keysThatChange(path: string): TokenKeys {
  return { read: () => secretFile(path) };
}

/** No service takes a token that is good for longer. */
function tokenLife(value: string): number {
  const seconds = integer(value);
  if (seconds < 60 || seconds > 3_600) throw new Error('must be from 60 to 3600');
  return seconds;
}

/** The settings of teams. */
export type Config = Omit<Settings, SpareSetting> & Partial<Pick<Settings, SpareSetting>>;

type Settings = Read<typeof SETTINGS>;
/** What a service in a test does without. */
type SpareSetting = 'rateLimit' | 'rateBurst' | 'auditRetentionDays' | keyof TlsConfig;

/** Reads the settings. Throws a single error that lists everything wrong with them. */
export function configFrom(env: NodeJS.ProcessEnv): Config {
  return wholeTls(readConfig(env, SETTINGS));
}
