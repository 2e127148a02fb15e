import { AUDIT_RETENTION_DAYS } from '@ramet/audit';
import {
  type Config as ConfigOf,
  integer,
  oneOf,
  readConfig,
  secretFile,
  TLS_SETTINGS,
  type TlsConfig,
  text,
  wholeTls,
} from '@ramet/config';
import type { VenueTerms } from './domain/terms.js';

/** Takes a program and its arguments as a JSON array. */
function argv(text: string): readonly string[] {
  const parsed = parsedJson(text);
  const isArgv = Array.isArray(parsed) && parsed.every((each) => typeof each === 'string' && each);
  if (!isArgv || parsed.length === 0) {
    throw new Error('must be a JSON array of a program and its arguments');
  }
  return parsed;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Takes pairs of a venue and the version of its terms. */
function venueTerms(value: string): VenueTerms {
  return new Map(
    value.split(',').map((pair) => {
      const [venue, version, ...more] = pair.trim().split('=');
      if (!venue || !version || more.length > 0) {
        throw new Error(`must be VENUE=VERSION, with commas: ${value}`);
      }
      return [venue, version];
    }),
  );
}

const SETTINGS = {
  host: { env: 'HOST', parse: text, default: '127.0.0.1' },
  /** Any free one if 0. */
  port: { env: 'PORT', parse: integer, default: 0 },
  metricsPort: { env: 'METRICS_PORT', parse: integer, default: undefined },
  ...TLS_SETTINGS,
  /** How many calls a second a caller may make, and how many at once. No limit if 0. */
  rateLimit: { env: 'RATE_LIMIT', parse: integer, default: 50 },
  rateBurst: { env: 'RATE_BURST', parse: integer, default: 200 },
  /** How many signatures a second an owner's keys make together, and how many at once. No limit if 0. */
  ownerSignRate: { env: 'OWNER_SIGN_RATE', parse: integer, default: 500 },
  ownerSignBurst: { env: 'OWNER_SIGN_BURST', parse: integer, default: 2_000 },
  /** How many days records of the audit are kept. */
  auditRetentionDays: {
    env: 'AUDIT_RETENTION_DAYS',
    parse: integer,
    default: AUDIT_RETENTION_DAYS,
  },
  /** Without a password, which stands in a file. */
  databaseUrl: { env: 'DATABASE_URL', parse: text },
  databasePassword: { env: 'DATABASE_PASSWORD_FILE', parse: secretFile, default: undefined },
  /** Without it everything works, later. */
  natsUrl: { env: 'NATS_URL', parse: text, default: '' },
  natsToken: { env: 'NATS_TOKEN_FILE', parse: secretFile, default: undefined },
  teamsAddress: { env: 'TEAMS_ADDRESS', parse: text },
  lifecycleAddress: { env: 'LIFECYCLE_ADDRESS', parse: text },
  /** What this service shows to teams, to get its own tokens. */
  serviceKey: { env: 'SERVICE_KEY_FILE', parse: secretFile },
  /** What wraps the data keys of all secrets: 32 bytes a key, readable by this service alone. */
  kekFile: { env: 'KEK_FILE', parse: text, default: '' },
  /** The program that gives them instead. */
  kekCommand: { env: 'KEK_COMMAND', parse: argv, default: undefined },
  /** How often is looked for secrets to destroy. */
  destroyMs: { env: 'DESTROY_MS', parse: integer, default: 60_000 },
  /** The terms that venues ask to be accepted, such as `binance=2026-01`, with commas. */
  venueTerms: { env: 'VENUE_TERMS', parse: venueTerms, default: new Map() },
  tracesDir: { env: 'TRACES_DIR', parse: text, default: '' },
  logLevel: {
    env: 'LOG_LEVEL',
    parse: oneOf('debug', 'info', 'warn', 'error'),
    default: 'info',
  },
  /** Where tests arm the points at which the process is killed. */
  failpointsDir: { env: 'FAILPOINTS_DIR', parse: text, default: '' },
} as const;

/** The settings of the service. */
export type Config = Omit<Settings, SpareSetting> & Partial<Pick<Settings, SpareSetting>>;

type Settings = ConfigOf<typeof SETTINGS>;
/** What a service in a test does without. */
type SpareSetting =
  | 'rateLimit'
  | 'rateBurst'
  | 'ownerSignRate'
  | 'ownerSignBurst'
  | 'auditRetentionDays'
  | 'destroyMs'
  | 'venueTerms'
  | keyof TlsConfig;

/** Reads the settings. Throws a single error that lists everything wrong with them. */
export function configFrom(env: Readonly<Record<string, string | undefined>>): Config {
  const config = readConfig(env, SETTINGS);
  if ((config.kekFile === '') === (config.kekCommand === undefined)) {
    throw new Error('bad configuration:\n  exactly one of KEK_FILE and KEK_COMMAND is required');
  }
  return wholeTls(config);
}
