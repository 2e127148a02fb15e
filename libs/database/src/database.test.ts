import assert from 'node:assert/strict';
import { EntitySchema } from 'typeorm';
import { openDatabase } from './open-database.js';
import { violates } from './outage.js';
import { clock, openColony } from './support/fixture.js';

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
      await using colony = await openColony();
      const db = await colony.another({ statementTimeoutMs: 500 });
      await assert.rejects(db.query('select pg_sleep(60)'), AWAY);
      assert.equal((await db.query('select 1')).length, 1);
    });

    it('lets a session take its time, also between the statements of a transaction', async () => {
      await using colony = await openColony();
      const db = await colony.another({ statementTimeoutMs: 200 });
      await using session = await db.reserve({ statementTimeoutMs: 60_000 });
      await session.query('begin');
      await clock.sleep(400);
      assert.equal((await session.query('select pg_sleep(0.3)')).length, 1);
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
