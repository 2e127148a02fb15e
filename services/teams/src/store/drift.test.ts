import assert from 'node:assert/strict';
import { migrate, openDatabase } from '@ramet/database';
import { createDatabase } from '@ramet/test/support';
import { ApiKeyTable } from './api-key-table.js';
import { UserTable } from './user-table.js';

describe('the entities of teams', () => {
  it('are as the migrations make the tables', async () => {
    await using database = await createDatabase();
    const entities = [UserTable, ApiKeyTable];
    const options = { url: database.url, schema: 'teams', application: 'test', entities };
    await using first = await openDatabase(options);
    await migrate(first, new URL('../../migrations/', import.meta.url));

    // The mapper asks for the schema when it connects: the first time there was none.
    await using db = await openDatabase(options);
    const wanted = await db.manager.connection.driver.createSchemaBuilder().log();

    const changes = wanted.upQueries.map(({ query }) => query);
    assert.deepEqual(
      changes.filter((sql) => /\b(add|drop|alter) column\b|create table/i.test(sql)),
      [],
    );
  });
});
