import assert from 'node:assert/strict';
import pg from 'pg';
import { createDatabase } from './database.js';

describe('a database of a test', () => {
  it('is empty, and gone after disposal', async () => {
    const database = await createDatabase();
    const client = new pg.Client(database.url);
    await client.connect();
    client.on('error', () => undefined);
    const tables = await client.query(
      `select from information_schema.tables where table_schema = 'public'`,
    );
    await database[Symbol.asyncDispose]();

    assert.equal(tables.rowCount, 0);
    await assert.rejects(new pg.Client(database.url).connect(), { code: '3D000' });
  });
});
