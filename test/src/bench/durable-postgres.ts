import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@ramet/local/engines';
import pg from 'pg';

/** Gives the work the addresses of databases of a PostgreSQL of its own, with fsync. */
export async function withPostgres(
  work: (urlOf: (database: string) => string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-bench-'));
  try {
    await using postgres = await startPostgres({
      folder: join(folder, 'postgres'),
      passwordFile: join(folder, 'password'),
      logFile: join(folder, 'postgres.log'),
    });
    await work(postgres.adminUrl);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a database, and gives its address. */
export async function createDatabase(
  urlOf: (database: string) => string,
  name: string,
): Promise<string> {
  await using client = await connectTo(urlOf('postgres'));
  await client.query(`create database ${name}`);
  return urlOf(name);
}

/** A connection that ends with its scope. */
export async function connectTo(url: string): Promise<Pick<pg.Client, 'query'> & AsyncDisposable> {
  const client = new pg.Client(url);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
