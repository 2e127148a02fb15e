import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { migrate } from './migrate.js';
import { openColony } from './support/fixture.js';

describe('migrate', () => {
  it('runs every file once, however many replicas start at once', async () => {
    await using colony = await openColony();
    await using files = await directory({
      '0001_a.sql': 'create table a (n int); insert into a values (1);',
      '0002_b.sql': 'insert into a select pg_sleep(0.05)::text::int from a where false;',
    });
    const replicas = await Promise.all([1, 2, 3].map(() => colony.another({ schema: 'fresh' })));

    await Promise.all(replicas.map((db) => migrate(db, files.url)));

    const [db] = replicas;
    assert.deepEqual(await db?.query('select n from a'), [{ n: 1 }]);
  });

  it('refuses a file that has changed since it was run', async () => {
    await using colony = await openColony();
    await using files = await directory({ '0002_a.sql': 'create table a (n int);' });
    await migrate(colony.db, files.url);
    await writeFile(new URL('0002_a.sql', files.url), 'create table a (n bigint);');
    await assert.rejects(migrate(colony.db, files.url), /0002_a.sql has changed/);
  });

  it('leaves nothing of a file that fails, and runs it when it is mended', async () => {
    await using colony = await openColony();
    await using files = await directory({ '0002_a.sql': 'create table a (n int); select 1 / 0;' });
    await assert.rejects(migrate(colony.db, files.url), /division by zero/);
    await writeFile(new URL('0002_a.sql', files.url), 'create table a (n int);');
    await migrate(colony.db, files.url);
    assert.deepEqual(await colony.db.query('select n from a'), []);
  });

  it('does not mind the time limit of statements', async () => {
    await using colony = await openColony();
    const db = await colony.another({ statementTimeoutMs: 500 });
    await using files = await directory({ '0002_slow.sql': 'select pg_sleep(1);' });
    await migrate(db, files.url);
  });
});

interface Directory extends AsyncDisposable {
  readonly url: URL;
}

async function directory(files: Readonly<Record<string, string>>): Promise<Directory> {
  const path = await mkdtemp(join(tmpdir(), 'migrations-'));
  for (const [name, sql] of Object.entries(files)) await writeFile(join(path, name), sql);
  return {
    url: pathToFileURL(`${path}/`),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}
