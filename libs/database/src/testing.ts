import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** A database of a test's own, on the server of TEST_DATABASE_URL. Dropped at the end. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  /** With the password of the server's administrator, if it has one. */
  readonly url: string;
}

/** Makes an empty database on a server, given the address of any database there. */
export async function createTestDatabase(adminUrl: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await run(adminUrl, `create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    [Symbol.asyncDispose]: () => run(adminUrl, `drop database ${name} with (force)`),
  };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
