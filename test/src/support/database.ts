import { systemIds } from '@ramet/service';
import pg from 'pg';
import { testStack } from './stack.js';

/** A database of a test's own. */
export interface TestDatabase extends AsyncDisposable {
  /** The superuser's address, with the password. */
  readonly url: string;
  readonly name: string;
}

/** Creates an empty database, dropped on disposal whoever is still connected. */
export async function createDatabase(): Promise<TestDatabase> {
  const name = systemIds.make('test');
  await administrate(`create database ${name}`);
  const url = new URL(testStack().databaseUrl);
  url.pathname = name;
  return {
    name,
    url: url.href,
    [Symbol.asyncDispose]: () => administrate(`drop database ${name} with (force)`),
  };
}

async function administrate(sql: string): Promise<void> {
  const client = new pg.Client(testStack().databaseUrl);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
