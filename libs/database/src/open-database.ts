import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Pool, types } from 'pg';
import { DataSource, type EntitySchema, type QueryRunner } from 'typeorm';
import { Database } from './database.js';
import { isOutage, publicFailure } from './outage.js';
import type { StatementLogger } from './ports.js';

export interface DatabaseOptions {
  /** `postgres://user@host:port/database`, with `?sslmode=require` where wanted. */
  readonly url: string;
  /** Given apart from the address, so that it is in no log of addresses. */
  readonly password?: string;
  /** The service's own schema: made if missing, and the only one that names are looked up in. */
  readonly schema: string;
  readonly entities?: readonly EntitySchema[];
  /** Connections at most. */
  readonly poolSize?: number;
  /** Longer statements are cancelled. */
  readonly statementTimeoutMs?: number;
  /** The name under which the server lists the connections. */
  readonly application: string;
  /** How long to wait for a server that is away at the start. */
  readonly startTimeoutMs?: number;
  /** Settings of every session, such as `ramet.clock_offset` in a test. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Is told each statement as it is sent, without what it is about. */
  readonly logger?: StatementLogger;
}

const POOL_SIZE = 10;
const STATEMENT_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
const START_TIMEOUT_MS = 30_000;
const IDLE_CONNECTION_MS = 60_000;
const GRACE_MS = 5_000;
const INT8 = 20;

/** Any number, as long as it is used for nothing but making schemas. */
const SCHEMA_LOCK = 7_310_001;

/**
 * Opens a service's schema, waiting for a server that is not up yet.
 *
 * Once open it stays usable: a server that goes away makes statements fail with
 * DATABASE_UNAVAILABLE until it is back. Throws the same if it was away for the whole start.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  if (!/^[a-z_][a-z0-9_]*$/.test(options.schema)) throw new Error(`bad schema: ${options.schema}`);
  const source = await initialized(options);
  // The driver keeps its pool in a field without a type.
  const { master } = source.driver as unknown as { readonly master: Pool };
  const database = new Database(source, master, options.schema);
  try {
    await createSchema(database);
    return database;
  } catch (thrown) {
    await database[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function initialized(options: DatabaseOptions): Promise<DataSource> {
  const until = performance.now() + (options.startTimeoutMs ?? START_TIMEOUT_MS);
  for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 1_000)) {
    const source = dataSource(options);
    try {
      return await source.initialize();
    } catch (thrown) {
      if (!isOutage(thrown) || performance.now() > until) throw publicFailure(thrown);
    }
    await sleep(waitMs);
  }
}

function dataSource(options: DatabaseOptions): DataSource {
  const address = new URL(options.url);
  const timeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const password = options.password ?? decodeURIComponent(address.password);
  const source = new DataSource({
    type: 'postgres',
    host: address.hostname.replace(/^\[|\]$/g, ''),
    port: Number(address.port || 5432),
    username: decodeURIComponent(address.username),
    password: () => password,
    database: decodeURIComponent(address.pathname.slice(1)),
    ssl: tls(address.searchParams.get('sslmode')),
    entities: [...(options.entities ?? [])],
    applicationName: options.application,
    poolSize: options.poolSize ?? POOL_SIZE,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    installExtensions: false,
    logging: false,
    // A lost idle connection is replaced when one is needed.
    poolErrorHandler: () => undefined,
    extra: {
      options: sessionSettings(options, timeoutMs),
      query_timeout: timeoutMs + GRACE_MS,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      keepAlive: true,
      types: { getTypeParser },
      ...(options.logger && { Client: clientThatTells(options.logger) }),
    },
  });
  mapFailures(source);
  return source;
}

/** The startup options that make every connection of the pool alike. */
function sessionSettings({ schema, settings }: DatabaseOptions, timeoutMs: number): string {
  const all = {
    search_path: schema,
    statement_timeout: String(timeoutMs),
    idle_in_transaction_session_timeout: String(timeoutMs),
    ...settings,
  };
  const escaped = (value: string): string => value.replace(/[\\ ]/g, '\\$&');
  return Object.entries(all)
    .map(([name, value]) => `-c ${name}=${escaped(value)}`)
    .join(' ');
}

function tls(mode: string | null): false | { rejectUnauthorized: boolean } {
  if (mode === null || mode === 'disable' || mode === 'prefer') return false;
  return { rejectUnauthorized: mode.startsWith('verify') };
}

/** The driver's client: whatever is asked of a server, by us or by the mapper, goes through it. */
function clientThatTells(logger: StatementLogger): typeof Client {
  type Query = (...args: unknown[]) => unknown;
  return class extends Client {
    override query = ((asked: string | { readonly text?: string }, ...rest: unknown[]) => {
      const text = typeof asked === 'string' ? asked : asked.text;
      logger.debug('a statement', { text });
      return (super.query as Query)(asked, ...rest);
    }) as Client['query'];
  };
}

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === INT8 && format !== 'binary') return BigInt;
  return types.getTypeParser(oid, 'text');
}

/** Has the mapper fail in the same words as `query`: all of its statements go through a runner. */
function mapFailures(source: DataSource): void {
  const create = source.createQueryRunner.bind(source);
  source.createQueryRunner = (mode) => {
    const runner: QueryRunner = create(mode);
    const query = runner.query.bind(runner);
    runner.query = (...args: Parameters<QueryRunner['query']>) =>
      query(...args).catch((thrown: unknown) => {
        throw publicFailure(thrown);
      });
    return runner;
  };
}

async function createSchema(database: Database): Promise<void> {
  const { schema } = database;
  const find = 'select 1 as found from pg_namespace where nspname = $1';
  if ((await database.query(find, [schema])).length > 0) return;
  await database.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1, hashtext($2))', [SCHEMA_LOCK, schema]);
    await tx.query(`create schema if not exists "${schema}"`);
  });
}
