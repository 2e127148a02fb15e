import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AUDIT_RETENTION_DAYS } from '@ramet/audit';
import {
  flag,
  integer,
  oneOf,
  type Config as Read,
  readConfig,
  secretFile,
  TLS_SETTINGS,
  type TlsConfig,
  text,
  wholeTls,
} from '@ramet/config';

const RUNNER = fileURLToPath(new URL('../../runner/dist/program/main.js', import.meta.url));

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
  teamsAddress: { env: 'TEAMS_ADDRESS', parse: text },
  keysAddress: { env: 'KEYS_ADDRESS', parse: text },
  lifecycleAddress: { env: 'LIFECYCLE_ADDRESS', parse: text },
  /** Where runners call, if not where this service does. They have no certificates. */
  runnerTeamsAddress: { env: 'RUNNER_TEAMS_ADDRESS', parse: text, default: '' },
  runnerKeysAddress: { env: 'RUNNER_KEYS_ADDRESS', parse: text, default: '' },
  runnerLifecycleAddress: { env: 'RUNNER_LIFECYCLE_ADDRESS', parse: text, default: '' },
  /** Who must have signed what runners are shown. Empty: they call in plaintext, on loopback. */
  runnerCa: { env: 'RUNNER_CA_FILE', parse: fileText, default: '' },
  /** This service's own API key. */
  serviceKey: { env: 'SERVICE_KEY_FILE', parse: secretFile },
  tracesDir: { env: 'TRACES_DIR', parse: text, default: '' },
  logLevel: {
    env: 'LOG_LEVEL',
    parse: oneOf('debug', 'info', 'warn', 'error'),
    default: 'info' as const,
  },
  failpointsDir: { env: 'FAILPOINTS_DIR', parse: text, default: '' },
  /** Names this host for as long as its state folder exists: workloads are bound to it. */
  hostId: { env: 'HOST_ID', parse: text },
  /** What the runners keep. For nobody else to read. */
  stateDir: { env: 'STATE_DIR', parse: text },
  /** What the workloads may reach. A short path: it holds unix sockets. */
  runDir: { env: 'RUN_DIR', parse: text },
  /** Where the storages of clones are, which outlive everything but them. Empty: in RUN_DIR. */
  storageDir: { env: 'STORAGE_DIR', parse: text, default: '' },
  /** What stands for this host in the addresses of what workloads listen on. */
  endpointHost: { env: 'ENDPOINT_HOST', parse: text, default: '127.0.0.1' },
  /** Whether inputs may come from private and loopback addresses. */
  inputsAllowPrivate: { env: 'INPUTS_ALLOW_PRIVATE', parse: flag, default: false },
  /** Where the bundles of process sources are. */
  bundlesDir: { env: 'BUNDLES_DIR', parse: text },
  /** More folders that workloads in a namespace must not see, separated by colons. */
  hiddenDirs: { env: 'HIDDEN_DIRS', parse: paths, default: [] as readonly string[] },
  /** The state folder of the mesh that this executor is part of; marks all its processes. */
  meshDir: { env: 'RAMET_STATE_DIR', parse: text, default: '' },
  /** Lets workloads run as the user of the mesh where they cannot be kept apart. */
  insecureSharedUser: { env: 'INSECURE_SHARED_USER', parse: flag, default: false },
  /** Whether workloads end with this process, as INTERRUPTED, or go on to be adopted. */
  stopWorkloadsOnExit: { env: 'STOP_WORKLOADS_ON_EXIT', parse: flag, default: false },
  runnerProgram: { env: 'RUNNER_PROGRAM', parse: text, default: RUNNER },
} as const;

/** The settings of executor. */
export type Config = Omit<Settings, SpareSetting> & Partial<Pick<Settings, SpareSetting>>;

type Settings = Read<typeof SETTINGS>;
/** What a service in a test does without. */
type SpareSetting =
  | 'rateLimit'
  | 'rateBurst'
  | 'auditRetentionDays'
  | keyof TlsConfig
  | RunnerSetting;
type RunnerSetting = Extract<keyof Settings, `runner${string}Address` | 'runnerCa'>;

/** Reads the settings. Throws a single error that lists everything wrong with them. */
export function configFrom(env: NodeJS.ProcessEnv): Config {
  return wholeTls(readConfig(env, SETTINGS));
}

function fileText(path: string): string {
  return readFileSync(path, 'utf8');
}

function paths(value: string): readonly string[] {
  return value.split(':').filter((path) => path !== '');
}
