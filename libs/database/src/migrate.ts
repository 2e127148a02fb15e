import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Database, Session } from './database.js';

/** Any number, as long as it is used for nothing but migrating. */
const MIGRATE_LOCK = 7_310_002;

/** Migrations may rewrite tables, and wait for those of another replica. */
const STATEMENT_TIMEOUT_MS = 10 * 60_000;

const BASE = new URL('../migrations/', import.meta.url);

interface Migration {
  readonly file: string;
  readonly sql: string;
  readonly sha256: Buffer;
}

/**
 * Runs this library's SQL files and then those of a directory, as far as the schema has not seen
 * them, in name order, each in its own transaction. Safe to call from every replica at once.
 *
 * Throws if a file that was run before has been changed since.
 */
export async function migrate(db: Database, directory: URL): Promise<void> {
  const migrations = [...(await read('base/', BASE)), ...(await read('', directory))];
  await using session = await db.reserve({ statementTimeoutMs: STATEMENT_TIMEOUT_MS });

  await session.query('select pg_advisory_lock($1, hashtext($2))', [MIGRATE_LOCK, db.schema]);
  await session.query(`
    -- An SQL file that this schema has run, and a digest of what it said.
    create table if not exists migration (
      file       text        primary key,
      sha256     bytea       not null,
      applied_at timestamptz not null
    )`);
  for (const migration of migrations) await run(session, migration);
}

async function read(prefix: string, directory: URL): Promise<readonly Migration[]> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (name) => {
      const sql = await readFile(new URL(name, directory), 'utf8');
      return { file: prefix + name, sql, sha256: createHash('sha256').update(sql).digest() };
    }),
  );
}

async function run(session: Session, { file, sql, sha256 }: Migration): Promise<void> {
  const find = 'select sha256 from migration where file = $1';
  const [seen] = await session.query<{ sha256: Buffer }>(find, [file]);
  if (seen?.sha256.equals(sha256)) return;
  if (seen) throw new Error(`migration ${file} has changed since it was run`);

  await session.query('begin');
  await session.query(sql);
  const note = 'insert into migration (file, sha256, applied_at) values ($1, $2, ramet_now())';
  await session.query(note, [file, sha256]);
  await session.query('commit');
}
