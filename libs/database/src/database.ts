import { AsyncLocalStorage } from 'node:async_hooks';
import { escapeIdentifier, type Pool, type PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { type Bell, createBell } from './bell.js';
import { Doubt } from './doubt.js';
import { isCollision, isLoss, isOutage, publicFailure } from './outage.js';
import { createRing, type Ring } from './ring.js';

/** Where statements go: the database, or a transaction that is open in it. */
export interface Queries {
  /**
   * Runs one statement and returns its rows, also those of `returning`.
   *
   * `bigint` columns come as bigint, times as Date in whole milliseconds. Outside of a transaction
   * it runs once more after a collision. Throws DATABASE_UNAVAILABLE if the server is away or slow.
   */
  query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Has the sequencer look for new history, once it is committed. */
  announceHistory(): void;
}

/** An open transaction. */
export interface Tx extends Queries {
  readonly manager: EntityManager;
}

/** One connection taken out of the pool, with session state of its own. Closed at the end. */
export interface Session extends AsyncDisposable {
  /** Whether the connection is known to be gone, and its locks with it. */
  isLost(): boolean;
  /** Calls back once when the connection is gone. */
  whenLost(callback: () => void): void;
  query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Calls back for each NOTIFY on a channel, for as long as the connection is there. */
  listen(channel: string, callback: () => void): Promise<void>;
}

interface TransactionOptions {
  /** READ COMMITTED unless said otherwise. REPEATABLE READ reads one snapshot. */
  readonly isolation?: 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';
}

interface SessionOptions {
  /** Replaces the pool's limit, of a statement and between those of a transaction. For migrations. */
  readonly statementTimeoutMs?: number;
}

/** How much longer the client waits than the server would, before it gives up a connection. */
const GRACE_MS = 5_000;

/** A service's schema of one PostgreSQL database. Opened by `openDatabase`. */
export class Database implements Queries, AsyncDisposable {
  readonly schema: string;
  /** Rings when history was committed here and may lack positions. */
  readonly written: Bell = createBell();
  /** The newest history that this process knows: all of it, while its sequencer leads. */
  readonly newest: Ring = createRing();
  readonly #source: DataSource;
  readonly #pool: Pool;
  readonly #open = new AsyncLocalStorage<true>();
  readonly #doubt = new Doubt();

  constructor(source: DataSource, pool: Pool, schema: string) {
    this.#source = source;
    this.#pool = pool;
    // A server may end a connection with the very words that open it, before anybody has it in hand.
    pool.on('connect', (client) => {
      client.on('error', ignore);
      this.#doubt.clear(client);
    });
    pool.on('error', () => this.#doubt.raise());
    this.schema = schema;
  }

  /** TypeORM's manager, for plain finds. Its failures are mapped like those of `query`. */
  get manager(): EntityManager {
    return this.#source.manager;
  }

  /** Tells whether the caller runs inside `transaction`. Nobody may call a peer from there. */
  inTransaction(): boolean {
    return this.#open.getStore() === true;
  }

  announceHistory(): void {
    this.written.ring();
  }

  async query<Row extends object>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    const client = await this.#connect();
    let isBroken = false;
    try {
      return await rowsOf<Row>(client, sql, params).catch((thrown: unknown) => {
        if (isCollision(thrown)) return rowsOf<Row>(client, sql, params);
        throw thrown;
      });
    } catch (thrown) {
      isBroken = isOutage(thrown);
      this.#note(thrown);
      throw thrown;
    } finally {
      giveBack(client, isBroken);
    }
  }

  /**
   * Runs `work` in a transaction, and once more if it collided with another one.
   *
   * `work` must therefore be safe to repeat, and must do nothing but talk to this database.
   * Transactions do not nest: pass `tx` on.
   */
  async transaction<Result>(
    work: (tx: Tx) => Promise<Result>,
    options: TransactionOptions = {},
  ): Promise<Result> {
    if (this.inTransaction()) throw new Error('a transaction is open already: pass its tx on');
    try {
      return await this.#attempt(work, options);
    } catch (thrown) {
      if (!isCollision(thrown)) throw publicFailure(thrown);
    }
    return this.#attempt(work, options).catch((thrown: unknown) => {
      throw publicFailure(thrown);
    });
  }

  /** Takes a connection out of the pool until the session is closed. */
  async reserve({ statementTimeoutMs }: SessionOptions = {}): Promise<Session> {
    const client = await this.#connect();
    const limit = statementTimeoutMs;
    try {
      if (limit !== undefined) await client.query(limitsOf(Math.trunc(limit)));
    } catch (thrown) {
      giveBack(client, true);
      throw publicFailure(thrown);
    }
    let lost = false;
    let tell: () => void = ignore;
    const lose = (): void => {
      if (lost) return;
      lost = true;
      tell();
    };
    client.on('error', lose).on('end', lose);
    client.on('error', () => this.#doubt.raise());
    return {
      isLost: () => lost,
      whenLost(callback) {
        tell = callback;
      },
      query: (sql, params) =>
        rowsOf<never>(client, sql, params, limit && limit + GRACE_MS).catch((thrown: unknown) => {
          this.#note(thrown);
          throw thrown;
        }),
      async listen(channel, callback) {
        client.on('notification', (notice) => {
          if (notice.channel === channel) callback();
        });
        await rowsOf(client, `listen ${escapeIdentifier(channel)}`);
      },
      // Closed and not returned: settings and locks of the session end with it.
      [Symbol.asyncDispose]: async () => giveBack(client, true),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#source.isInitialized) await this.#source.destroy();
  }

  /** Notes a failure, as far as it says something of other connections. */
  #note(thrown: unknown): void {
    if (isLoss(thrown)) this.#doubt.raise();
  }

  /** Takes a connection out of the pool that is there. */
  async #connect(): Promise<PoolClient> {
    try {
      for (;;) {
        const client = await this.#pool.connect();
        client.on('error', ignore);
        if (await this.#doubt.isThere(client)) return client;
        giveBack(client, true);
      }
    } catch (thrown) {
      throw publicFailure(thrown);
    }
  }

  /** The mapper's runner on a connection that is there. To be released. */
  async #connectRunner(): Promise<{ readonly runner: QueryRunner; readonly client: PoolClient }> {
    for (;;) {
      const runner = this.#source.createQueryRunner();
      const client: PoolClient = await runner.connect();
      if (await this.#doubt.isThere(client)) return { runner, client };
      close(client);
      await runner.release();
    }
  }

  async #attempt<Result>(
    work: (tx: Tx) => Promise<Result>,
    { isolation }: TransactionOptions,
  ): Promise<Result> {
    const { runner, client } = await this.#connectRunner();
    const tx = new OpenTransaction(client, runner.manager);
    try {
      await runner.startTransaction(isolation);
      const result = await this.#open.run(true, () => work(tx));
      await commit(client);
      if (tx.wroteHistory) this.written.ring();
      return result;
    } catch (thrown) {
      this.#note(thrown);
      await rollBack(client, thrown);
      throw thrown;
    } finally {
      await runner.release();
    }
  }
}

class OpenTransaction implements Tx {
  readonly manager: EntityManager;
  wroteHistory = false;
  readonly #client: PoolClient;

  constructor(client: PoolClient, manager: EntityManager) {
    this.#client = client;
    this.manager = manager;
  }

  query<Row extends object>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    return rowsOf<Row>(this.#client, sql, params);
  }

  announceHistory(): void {
    this.wroteHistory = true;
  }
}

function limitsOf(ms: number): string {
  return `set statement_timeout = ${ms}; set idle_in_transaction_session_timeout = ${ms}`;
}

async function rowsOf<Row extends object>(
  client: PoolClient,
  text: string,
  params: readonly unknown[] = [],
  limitMs?: number,
): Promise<Row[]> {
  const limit = limitMs === undefined ? {} : { query_timeout: limitMs };
  try {
    const { rows } = await client.query<Row>({ text, values: [...params], ...limit });
    return rows;
  } catch (thrown) {
    throw publicFailure(thrown);
  }
}

/** Commits, and throws if the server rolled back: it does so silently after a swallowed failure. */
async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query('commit');
  if (command !== 'COMMIT') throw new Error('a statement of the transaction failed: rolled back');
}

/** Rolls back, or closes a connection that may be gone: the server then rolls back by itself. */
async function rollBack(client: PoolClient, thrown: unknown): Promise<void> {
  if (isOutage(thrown)) close(client);
  else await client.query('rollback').catch(() => close(client));
}

/** Closes a connection, so that the pool will not take it back. */
function close(client: PoolClient): void {
  void client.end().catch(ignore);
}

function giveBack(client: PoolClient, isBroken: boolean): void {
  client.release(isBroken);
  client.off('error', ignore);
}

/** A connection's failure is seen by the statement that runs on it, or by the pool. */
function ignore(): void {}
