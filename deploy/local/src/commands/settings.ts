import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { flag, oneOf, readConfig, text } from '@ramet/config';
import { HOUSE } from '../layout.js';
import type { MeshOptions } from '../mesh.js';
import type { CommandContext } from './context.js';

const SETTINGS = {
  /** Where the mesh keeps everything. */
  stateDir: { env: 'STATE_DIR', parse: text, default: join(HOUSE, '.ramet') },
  /** A PostgreSQL server to use instead of our own. */
  databaseUrl: { env: 'DATABASE_URL', parse: text, default: undefined },
  databasePasswordFile: { env: 'DATABASE_PASSWORD_FILE', parse: text, default: undefined },
  /** A NATS server with JetStream to use instead of our own. */
  natsUrl: { env: 'NATS_URL', parse: text, default: undefined },
  natsTokenFile: { env: 'NATS_TOKEN_FILE', parse: text, default: undefined },
  /** The folder of PostgreSQL's programs. */
  pgBin: { env: 'PG_BIN', parse: text, default: undefined },
  natsProgram: { env: 'NATS_SERVER_BIN', parse: text, default: undefined },
  path: { env: 'PATH', parse: text, default: undefined },
  logLevel: {
    env: 'LOG_LEVEL',
    parse: oneOf('debug', 'info', 'warn', 'error'),
    default: 'info' as const,
  },
  /** Lets workloads run as the user of the mesh, where they cannot be kept apart. */
  insecureSharedUser: { env: 'INSECURE_SHARED_USER', parse: flag, default: false },
};

/** The flags that every command of the launcher knows. */
export const FLAGS = {
  state: { type: 'string' },
  'insecure-shared-user': { type: 'boolean' },
} as const;

/**
 * Reads how the mesh is to be started, from the environment and from flags over it.
 *
 * Throws a single error that lists everything wrong. `own` are the flags of one command alone.
 */
export function meshOptions({ env, args }: CommandContext, own: Flags = {}): MeshOptions {
  const { values } = parseArgs({ args: [...args], options: { ...own, ...FLAGS } });
  const config = readConfig(env, SETTINGS);
  const shared = values['insecure-shared-user'] === true || config.insecureSharedUser;
  return {
    stateDir: typeof values.state === 'string' ? values.state : config.stateDir,
    given: config,
    env,
    logLevel: config.logLevel,
    settings: { executor: shared ? { INSECURE_SHARED_USER: 'true' } : {} },
  };
}

type Flags = Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
