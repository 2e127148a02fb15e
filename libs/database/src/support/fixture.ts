import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, connectBus } from '../bus.js';
import { NO_HISTORY, nextLink } from '../chain.js';
import type { Database, Queries } from '../database.js';
import { appendHistory } from '../history.js';
import { migrate } from '../migrate.js';
import { type DatabaseOptions, openDatabase } from '../open-database.js';
import type { Clock, Logger } from '../ports.js';
import { createTestDatabase } from '../testing.js';

const MIGRATIONS = new URL('../../src/support/migrations/', import.meta.url);

/** The tests' clock: the machine's. */
export const clock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal && { signal }).catch(() => undefined);
  },
};

/** Keeps quiet. */
export const logger: Logger = { info: () => undefined, warn: () => undefined };

/** A setting that the tests' servers are told by. The suite's set-up provides them. */
export function setting(name: string): string {
  // biome-ignore lint/style/noProcessEnv: tests learn of their servers from the environment.
  const value = process.env[name];
  assert.ok(value, `${name} is not set`);
  return value;
}

/** A bus on the tests' common NATS server. */
export function connectTestBus(): Bus {
  // biome-ignore lint/style/noProcessEnv: a server without a token is fine too.
  const token = process.env.TEST_NATS_TOKEN;
  return connectBus({ url: setting('TEST_NATS_URL'), ...(token && { token }), clock, logger });
}

/** A database of the test's own with the tables of `migrations/`, in the schema `colony`. */
export interface Colony extends AsyncDisposable {
  readonly url: string;
  /** A name that no other test publishes under. */
  readonly service: string;
  readonly db: Database;
  /** Another pool on the same schema, as another replica would have. */
  another(options?: Partial<DatabaseOptions>): Promise<Database>;
}

/** Opens a migrated colony in an empty database. */
export async function openColony(options: Partial<DatabaseOptions> = {}): Promise<Colony> {
  const database = await createTestDatabase(setting('TEST_DATABASE_URL'));
  const opened: Database[] = [];
  const another = async (more: Partial<DatabaseOptions> = {}): Promise<Database> => {
    const db = await openDatabase({
      url: database.url,
      schema: 'colony',
      application: 'test',
      ...options,
      ...more,
    });
    opened.push(db);
    return db;
  };
  const db = await another();
  await migrate(db, MIGRATIONS);
  return {
    url: database.url,
    service: `colony${database.name.slice(-8)}`,
    db,
    another,
    async [Symbol.asyncDispose]() {
      for (const pool of opened) await pool[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Adds one to a ramet's size, as a repository's `change` would. */
export async function grow(tx: Queries, id: string): Promise<void> {
  const insert = 'insert into ramet (id) values ($1) on conflict do nothing';
  await tx.query(insert, [id]);
  const [row] = await tx.query<{ seq: number; hash: Buffer }>(
    'select seq, hash from ramet where id = $1 for update',
    [id],
  );
  const prev = row ?? NO_HISTORY;
  const payload = Buffer.from(`size ${prev.seq + 1}`);
  const next = nextLink(prev, id, payload);
  const update = 'update ramet set size = size + 1, seq = $2, hash = $3 where id = $1';
  await tx.query(update, [id, next.seq, next.hash]);
  await appendHistory(tx, [
    { aggregate: id, kind: 'ramet.grown', actor: 'user:usr_1', payload, prev, next },
  ]);
}

/** Looks again and again until a condition holds. Fails after a minute. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, 'waited too long');
    await sleep(10);
  }
}
