// Goal: the database and the memory pass the same rows, and nothing a caller writes is SQL.
// Method: seeded filters over seeded rows of a real table, with nulls, absent labels and hard texts.

import assert from 'node:assert/strict';
import { type Colony, openColony } from '../support/fixture.js';
import { aFilter, aThing, Dice, FIELDS, TABLE, type Thing } from '../support/things.js';
import { filterSql } from './compile.js';
import { matches } from './matches.js';
import { parseFilter } from './parse.js';

const ROWS = 300;
const FILTERS = 600;

describe('a filter', () => {
  let colony: Colony;
  const dice = new Dice(2026);
  const things = Array.from({ length: ROWS }, (_, n) => aThing(dice, `thing_${n + 1_000}`));

  before(async () => {
    colony = await openColony();
    await colony.db.query(TABLE);
    await colony.db.query(INSERT, [JSON.stringify(things)]);
  });
  after(() => colony?.[Symbol.asyncDispose]());

  it('passes the same rows in the database and in memory', async () => {
    let some = 0;
    for (let round = 0; round < FILTERS; round += 1) {
      const text = aFilter(dice);
      const inMemory = passing(text);

      assert.deepEqual(await selected(text), inMemory, text);
      if (inMemory.length > 0 && inMemory.length < ROWS) some += 1;
    }
    assert.ok(some > FILTERS / 2, `only ${some} filters told rows apart`);
  });

  it('cuts what is finer than a millisecond off', async () => {
    await colony.db.query(
      `insert into thing (id, name, created_at)
       values ('fine', 'fine', '2026-05-05T00:00:00.123456Z')`,
    );
    const at = '2026-05-05T00:00:00.123Z';
    const found = async (operator: string): Promise<number> =>
      (await selected(`name = fine AND create_time ${operator} ${at}`)).length;

    const counts = await Promise.all(['=', '>=', '<=', '>', '<', '!='].map(found));
    assert.deepEqual(counts, [1, 1, 1, 0, 0, 0]);
    await colony.db.query(`delete from thing where id = 'fine'`);
  });

  it('is never SQL, whatever is in it', () => {
    const evil = `'); drop table thing; --`;
    const text = `name = "${evil}" AND labels."${evil}" = "${evil}" AND tags:"${evil}" AND labels."${evil}":*`;
    const { sql, params } = filterSql(parseFilter(text, FIELDS), FIELDS, 7);

    assert.ok(!sql.includes('drop'));
    assert.deepEqual(sql.match(/\$\d+/g), ['$7', '$8', '$9', '$10']);
    assert.deepEqual(params, [evil, JSON.stringify({ [evil]: evil }), evil, evil]);
  });

  it('takes the wildcards of SQL for what they are', async () => {
    assert.deepEqual(await selected('name = "a%*"'), passing('name = "a%"'));
    assert.deepEqual(await selected('name = "a_*"'), passing('name = "a_c"'));
  });

  function passing(text: string): readonly string[] {
    const filter = parseFilter(text, FIELDS);
    return things.filter((thing) => matches(filter, thing)).map(({ id }) => id);
  }

  async function selected(text: string): Promise<readonly string[]> {
    const { sql, params } = filterSql(parseFilter(text, FIELDS), FIELDS, 1);
    const query = `select t.id from thing t where ${sql} order by t.id`;
    return (await colony.db.query<Thing>(query, params)).map(({ id }) => id);
  }
});

const INSERT = `
  insert into thing
  select t.id, t.name, t.note, t.phase, t.create_time, t.expire_time, t.size, t.grace, t.ready,
         t.labels, t.tags
  from jsonb_to_recordset($1::jsonb) as t (
    id text, name text, note text, phase text, create_time timestamptz, expire_time timestamptz,
    size float8, grace float8, ready boolean, labels jsonb, tags text[])`;
