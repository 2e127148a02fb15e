import assert from 'node:assert/strict';
import { EntitySchema } from 'typeorm';
import { openDatabase } from './open-database.js';
import { openColony, setting, until } from './support/fixture.js';
import { startProxy } from './support/proxy.js';

const AWAY = { code: 'unavailable', reason: 'DATABASE_UNAVAILABLE', retryAfterMs: 1_000 };

interface Ramet {
  readonly id: string;
  readonly size: number;
}

const RametTable = new EntitySchema<Ramet>({
  name: 'ramet',
  columns: { id: { type: 'text', primary: true }, size: { type: 'int' } },
});

describe('Database, when the server is away', () => {
  it('fails with DATABASE_UNAVAILABLE, and works again once it is back', async () => {
    await using colony = await openColony();
    await using proxy = await startProxy(colony.url);
    const db = await colony.another({ url: proxy.url, entities: [RametTable] });
    await db.query('select 1');

    await proxy.cut();
    await assert.rejects(db.query('select 1'), AWAY);
    await assert.rejects(db.manager.find(RametTable), AWAY);
    await assert.rejects(
      db.transaction((tx) => tx.query('select 1')),
      AWAY,
    );

    await proxy.mend();
    assert.equal((await db.query('select 1')).length, 1);
    assert.deepEqual(await db.manager.find(RametTable), []);
  });

  it('fails the transaction it breaks, and gives its connection up', async () => {
    await using colony = await openColony();
    await using proxy = await startProxy(colony.url);
    const db = await colony.another({ url: proxy.url, poolSize: 1 });

    const broken = db.transaction(async (tx) => {
      await tx.query(`insert into ramet (id) values ('ram_1')`);
      await proxy.cut();
      await tx.query(`insert into ramet (id) values ('ram_2')`);
    });

    await assert.rejects(broken, AWAY);
    await proxy.mend();
    assert.deepEqual(await db.query('select id from ramet'), []);
  });

  it('survives the end of all its idle connections', async () => {
    await using colony = await openColony();
    await Promise.all([1, 2, 3].map(() => colony.db.query('select pg_sleep(0.05)')));
    const [others] = await Promise.all([colony.another({ application: 'killer' })]);
    await others?.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'test'`,
    );
    await until(() =>
      colony.db.query('select 1').then(
        () => true,
        () => false,
      ),
    );
  });

  it('fails one statement for all idle connections that it lost, and none after it', async () => {
    await using colony = await openColony();
    await using proxy = await startProxy(colony.url);
    const db = await colony.another({ url: proxy.url, poolSize: 4 });
    const uses = {
      query: () => db.query('select 1'),
      transaction: () => db.transaction((tx) => tx.query('select 1')),
      reserve: async () => {
        await using session = await db.reserve();
        return await session.query('select 1');
      },
    };
    for (const first of Object.values(uses)) {
      for (const next of Object.values(uses)) {
        await Promise.all([1, 2, 3, 4].map(() => db.query('select pg_sleep(0.05)')));
        proxy.forget();
        await assert.rejects(first(), AWAY);
        assert.equal((await next()).length, 1);
      }
    }
  });

  it('waits at the start until it is there', async () => {
    await using colony = await openColony();
    await using proxy = await startProxy(colony.url);
    await proxy.cut();
    const opening = colony.another({ url: proxy.url });
    await assert.rejects(
      openDatabase({ url: proxy.url, schema: 'x', application: 'test', startTimeoutMs: 60 }),
      AWAY,
    );
    await proxy.mend();
    assert.equal((await (await opening).query('select 1')).length, 1);
  });

  it('does not wait when it is refused for another reason', async () => {
    const url = new URL(setting('TEST_DATABASE_URL'));
    url.pathname = '/no_such_database';
    const opening = openDatabase({ url: url.href, schema: 'x', application: 'test' });
    await assert.rejects(opening, { code: '3D000' });
  });
});
