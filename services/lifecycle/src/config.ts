import { AUDIT_RETENTION_DAYS } from '@ramet/audit';
import { type BlobsLocation, blobsUrl } from '@ramet/blobs';
import {
  flag,
  integer,
  oneOf,
  type Parse,
  type Config as Read,
  readConfig,
  type Secret,
  secretFile,
  TLS_SETTINGS,
  type TlsConfig,
  text,
  wholeTls,
} from '@ramet/config';
import type { WatchLimits } from './deps.js';
import type { Deadlines } from './domain/phases.js';
import { sealingKeysFile } from './sealing/keys-file.js';

/** A secret that may be absent. */
const optionalSecret: Parse<Secret | undefined> = secretFile;
const optionalText: Parse<string | undefined> = text;

const blobsLocation: Parse<BlobsLocation> = blobsUrl;

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
  databasePassword: { env: 'DATABASE_PASSWORD_FILE', parse: optionalSecret, default: undefined },
  natsUrl: { env: 'NATS_URL', parse: text },
  natsToken: { env: 'NATS_TOKEN_FILE', parse: optionalSecret, default: undefined },
  teamsAddress: { env: 'TEAMS_ADDRESS', parse: text },
  keysAddress: { env: 'KEYS_ADDRESS', parse: text },
  executorAddress: { env: 'EXECUTOR_ADDRESS', parse: text },
  /** This service's own API key. */
  serviceKey: { env: 'SERVICE_KEY_FILE', parse: secretFile },
  /** What seals the secrets in the database: one or more keys, the first one seals. */
  secretsKeys: { env: 'SECRETS_KEY_FILE', parse: sealingKeysFile },
  /** Where the bytes of results lie, and what opens it. */
  blobsLocation: { env: 'BLOBS_URL', parse: blobsLocation },
  blobsCredentials: { env: 'BLOBS_CREDENTIALS_FILE', parse: optionalSecret, default: undefined },
  /** How much the results of a clone may take. */
  resultsMaxBytes: { env: 'RESULTS_MAX_BYTES', parse: integer, default: 10 * 1024 ** 3 },
  /** How long a clone that was deleted can be looked at: two years. */
  tombstoneRetentionMs: {
    env: 'TOMBSTONE_RETENTION_MS',
    parse: integer,
    default: 730 * 24 * 60 * 60_000,
  },
  /** How often what is too old is looked for. */
  sweepMs: { env: 'SWEEP_MS', parse: integer, default: 60_000 },
  tracesDir: { env: 'TRACES_DIR', parse: optionalText, default: undefined },
  logLevel: {
    env: 'LOG_LEVEL',
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
  },
  failpointsDir: { env: 'FAILPOINTS_DIR', parse: optionalText, default: undefined },
  /** How many clones of a kind an owner may have who has no limit of their own. */
  cloneQuota: { env: 'CLONE_QUOTA', parse: integer, default: 100 },
  /** Whether this replica reconciles, or only serves and leaves that to others. */
  reconciles: { env: 'RECONCILES', parse: flag, default: true },
  /** How often clones that are due are looked for, woken or not. */
  reconcileMs: { env: 'RECONCILE_MS', parse: integer, default: 2_000 },
  /** How long a reconciler that has died keeps others from its clones. */
  leaseMs: { env: 'LEASE_MS', parse: integer, default: 10_000 },
  /** Whether webhooks may be sent to private addresses, and by plain HTTP. */
  webhookAllowPrivate: { env: 'WEBHOOK_ALLOW_PRIVATE', parse: flag, default: false },
  /** How many positions of the history a watcher may fall behind. */
  watchLag: { env: 'WATCH_LAG', parse: integer, default: 10_000 },
  /** How long what is sent to a watcher may go unread. */
  watchUnreadMs: { env: 'WATCH_UNREAD_MS', parse: integer, default: 60_000 },
  /** How many watches a caller may have at once. */
  watchesPerCaller: { env: 'WATCHES_PER_CALLER', parse: integer, default: 100 },
} as const;

export type Config = Omit<Settings, SpareSetting> & Partial<Pick<Settings, SpareSetting>>;

type Settings = Read<typeof SETTINGS>;
/** What a service in a test does without. */
type SpareSetting = 'rateLimit' | 'rateBurst' | 'auditRetentionDays' | keyof TlsConfig;

/** Reads the settings of the service. Throws one error that lists everything wrong with them. */
export function configFrom(env: NodeJS.ProcessEnv): Config {
  return wholeTls(readConfig(env, SETTINGS));
}

/** What the service is told at its start. */
export type ServiceConfig = Pick<
  Config,
  | 'host'
  | 'port'
  | 'rateLimit'
  | 'rateBurst'
  | 'auditRetentionDays'
  | 'databaseUrl'
  | 'databasePassword'
  | 'secretsKeys'
  | 'cloneQuota'
  | 'reconciles'
  | 'reconcileMs'
  | 'leaseMs'
  | 'webhookAllowPrivate'
  | 'blobsLocation'
> &
  Partial<
    Pick<
      Config,
      | 'watchLag'
      | 'watchUnreadMs'
      | 'watchesPerCaller'
      | 'blobsCredentials'
      | 'resultsMaxBytes'
      | 'tombstoneRetentionMs'
      | 'sweepMs'
    >
  > & {
    readonly deadlines?: Deadlines;
    readonly watch?: Partial<WatchLimits>;
    /** How often the grants of executions are renewed. */
    readonly renewMs?: number | undefined;
  };
