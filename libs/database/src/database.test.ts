import assert from 'node:assert/strict';
import { EntitySchema } from 'typeorm';
import { openDatabase } from './open-database.js';
import { violates } from './outage.js';
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

describe('Database', () => {
  it('opens no schema whose name would have to be quoted (T17)', async () => {
    const url = 'postgres://nobody@127.0.0.1:9/none';
    for (const schema of ['a"b', 'x;drop schema colony', 'ä'.repeat(63), 'A', '', '1a', "a'b"]) {
      await assert.rejects(openDatabase({ url, schema, application: 'test' }), /bad schema/);
    }
  });

  describe('query', () => {
    it('returns the rows of every kind of statement, whole numbers exactly', async () => {
      await using colony = await openColony();
      const sql = `insert into ramet (id) values ('ram_1') returning id`;
      assert.deepEqual(await colony.db.query(sql), [{ id: 'ram_1' }]);
      assert.deepEqual(await colony.db.query('update ramet set size = 2 returning size'), [
        { size: 2 },
      ]);
      assert.deepEqual(await colony.db.query('select 9007199254740993::bigint as n'), [
        { n: 9_007_199_254_740_993n },
      ]);
    });

    it('takes arrays of texts, bytes and whole numbers', async () => {
      await using colony = await openColony();
      const sql = 'select * from unnest($1::text[], $2::bytea[], $3::bigint[]) as n (a, b, c)';
      const params = [
        ['x', 'y "z"'],
        [new Uint8Array([1, 2]), Buffer.from('b')],
        [1n, null],
      ];
      assert.deepEqual(await colony.db.query(sql, params), [
        { a: 'x', b: Buffer.from([1, 2]), c: 1n },
        { a: 'y "z"', b: Buffer.from('b'), c: null },
      ]);
    });

    it('keeps its connection after a failed statement', async () => {
      await using colony = await openColony({ poolSize: 1 });
      const backend = () => colony.db.query('select pg_backend_pid() as pid');
      const before = await backend();
      await colony.db.query(`insert into ramet (id) values ('ram_1')`);
      await assert.rejects(colony.db.query(`insert into ramet (id) values ('ram_1')`), (thrown) =>
        violates(thrown, 'ramet_pkey'),
      );
      assert.deepEqual(await backend(), before);
    });

    it('runs a statement once more that collided with others', async () => {
      await using colony = await openColony();
      await colony.db.query('create sequence tries');
      const sql = `do $$ begin
        if nextval('tries') = 1 then raise sqlstate '40P01'; end if;
      end $$`;
      await colony.db.query(sql);
      const read = 'select last_value as tries from tries';
      assert.deepEqual(await colony.db.query(read), [{ tries: 2n }]);
    });

    it('fails with DATABASE_UNAVAILABLE when a statement takes too long', async () => {
      await using colony = await openColony({ statementTimeoutMs: 50 });
      await assert.rejects(colony.db.query('select pg_sleep(5)'), AWAY);
      assert.equal((await colony.db.query('select 1')).length, 1);
    });

    it('hears what others notify, on its own channel', async () => {
      await using colony = await openColony();
      await using session = await colony.db.reserve();
      const heard = new Promise<void>((resolve) => {
        void session.listen('spring', resolve);
      });
      await session.query('select 1');
      await colony.db.query(`select pg_notify('autumn', '')`);
      await colony.db.query(`select pg_notify('spring', '')`);
      await heard;
    });

    it('finds names in its own schema only', async () => {
      await using colony = await openColony();
      await using _ = await colony.another({ schema: 'other' });
      const [row] = await colony.db.query<{ path: string }>(
        `select current_setting('search_path') as path`,
      );
      assert.equal(row?.path, 'colony');
    });
  });

  describe('when the server is away', () => {
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

  describe('transaction', () => {
    it('commits what its work did, through tx and through its manager', async () => {
      await using colony = await openColony({ entities: [RametTable] });
      await colony.db.transaction(async (tx) => {
        await tx.query(`insert into ramet (id) values ('ram_1')`);
        await tx.manager.update(RametTable, { id: 'ram_1' }, { size: 7 });
      });
      assert.deepEqual(await colony.db.manager.find(RametTable), [{ id: 'ram_1', size: 7 }]);
    });

    it('leaves nothing behind when its work throws', async () => {
      await using colony = await openColony({ poolSize: 1 });
      const failing = colony.db.transaction(async (tx) => {
        await tx.query(`insert into ramet (id) values ('ram_1')`);
        throw new Error('no');
      });
      await assert.rejects(failing, /no/);
      assert.deepEqual(await colony.db.query('select * from ramet'), []);
    });

    it('throws when the failure of a statement was swallowed', async () => {
      await using colony = await openColony();
      const swallowing = colony.db.transaction(async (tx) => {
        await tx.query(`insert into ramet (id) values ('ram_1')`);
        await tx.query('select 1 / 0').catch(() => undefined);
      });
      await assert.rejects(swallowing, /rolled back/);
      assert.deepEqual(await colony.db.query('select * from ramet'), []);
    });

    it('runs its work once more after a collision, and no more than that', async () => {
      await using colony = await openColony();
      let tries = 0;
      const collide = (times: number) =>
        colony.db.transaction(async (tx) => {
          tries += 1;
          if (tries <= times) await tx.query(`do $$ begin raise sqlstate '40001'; end $$`);
          return tries;
        });
      assert.equal(await collide(1), 2);
      tries = 0;
      await assert.rejects(collide(5), AWAY);
      assert.equal(tries, 2);
    });

    it('is seen by what runs inside it, and by nothing else', async () => {
      await using colony = await openColony();
      const { db } = colony;
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const inside = db.transaction(async () => {
        await held;
        return db.inTransaction();
      });
      assert.equal(db.inTransaction(), false);
      release();
      assert.equal(await inside, true);
      assert.equal(db.inTransaction(), false);
    });

    it('refuses to nest', async () => {
      await using colony = await openColony();
      const { db } = colony;
      await assert.rejects(
        db.transaction(() => db.transaction(async () => undefined)),
        /open already/,
      );
    });

    it('announces history once it is committed, and not before', async () => {
      await using colony = await openColony();
      let rings = 0;
      colony.db.written.listen(() => {
        rings += 1;
      });
      await colony.db.transaction(async (tx) => {
        tx.announceHistory();
        assert.equal(rings, 0);
      });
      assert.equal(rings, 1);
    });
  });

  describe('ramet_now', () => {
    it('is the time of the server, moved or stopped by settings', async () => {
      await using colony = await openColony();
      const read = async (settings: Record<string, string>) => {
        const db = await colony.another({ settings });
        const sql = 'select ramet_now() as now, clock_timestamp() as real';
        const [row] = await db.query<{ now: Date; real: Date }>(sql);
        assert.ok(row);
        return row;
      };
      const plain = await read({});
      assert.ok(Math.abs(plain.now.getTime() - plain.real.getTime()) < 1_000);
      const moved = await read({ 'ramet.clock_offset': '3 days' });
      assert.ok(moved.now.getTime() - moved.real.getTime() > 2.9 * 86_400_000);
      const stopped = await read({ 'ramet.now': '2001-02-03 04:05:06+00' });
      assert.equal(stopped.now.toISOString(), '2001-02-03T04:05:06.000Z');
    });
  });
});
