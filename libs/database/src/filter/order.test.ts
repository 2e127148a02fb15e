// Goal: a list in any order shows each row that stays exactly once, while others come and go.
// Method: pages through a real table with nulls and equals, changing it between any two pages.

import assert from 'node:assert/strict';
import { encodePageToken } from '../pages.js';
import { type Colony, openColony } from '../support/fixture.js';
import { Dice, FIELDS, TABLE } from '../support/things.js';
import { afterKeySql, keySql, type Order, orderSql, parseOrderBy, printOrder } from './order.js';
import { decodeOrderToken, encodeOrderToken } from './page-key.js';

const INVALID = { code: 'invalid_argument', reason: 'REQUEST_INVALID' };

describe('parseOrderBy', () => {
  const UNDERSTOOD = [
    ['', 'id desc'],
    [' ', 'id desc'],
    ['name', 'name, id'],
    ['name asc', 'name, id'],
    ['create_time desc', 'create_time desc, id desc'],
    [' create_time  desc ,name ', 'create_time desc, name, id'],
    ['id', 'id'],
    ['id desc, name', 'id desc, name'],
  ] as const;
  for (const [text, printed] of UNDERSTOOD) {
    it(`understands ${text || 'nothing'}`, () => {
      const order = parseOrderBy(text, FIELDS);
      assert.equal(printOrder(order), printed);
      assert.deepEqual(parseOrderBy(printOrder(order), FIELDS), order);
    });
  }

  const REFUSED = [
    ['nme', /order_by: there is no field "nme"; there are create_time, expire_time, id, name/],
    ['phase', /lists are not ordered by phase, but by id, name, note, create_time/],
    ['__proto__', /there is no field "__proto__"/],
    ['name up', /expected a field, then asc, desc or nothing, instead of "name up"/],
    ['name,', /instead of ""/],
    ['name; drop table thing', /instead of "name; drop/],
    ['name, name desc', /name is there twice/],
    ['name, note, create_time, expire_time, size', /not more than 4 fields/],
    ['name,'.repeat(41), /not be longer than 200/],
  ] as const;
  for (const [text, message] of REFUSED) {
    it(`refuses ${text.slice(0, 30)}`, () => {
      assert.throws(() => parseOrderBy(text, FIELDS), { ...INVALID, message });
    });
  }
});

describe('the token of an order', () => {
  const order = parseOrderBy('expire_time, name desc', FIELDS);
  const key = [null, '=a', 'thing_1'];

  it('brings back the key it was made of', () => {
    assert.deepEqual(decodeOrderToken(encodeOrderToken(key, order, ['me']), order, ['me']), key);
  });

  it('is of one order and binding only', () => {
    const token = encodeOrderToken(key, order, ['me']);
    const other = parseOrderBy('expire_time, name', FIELDS);
    assert.throws(() => decodeOrderToken(token, other, ['me']), INVALID);
    assert.throws(() => decodeOrderToken(token, order, ['you']), INVALID);
  });

  it('is refused when it was made up', () => {
    const order = parseOrderBy('create_time, size', FIELDS);
    const good = ['=2026-01-01T00:00:00.000001Z', '=1', '=thing_1'];
    const token = (parts: readonly string[]): string => encodePageToken(parts, [printOrder(order)]);
    assert.ok(decodeOrderToken(token(good), order, []));

    const BAD = [
      ['', '=1', '=thing_1'],
      ['=infinity', '=1', '=thing_1'],
      ['=2026-02-30T00:00:00.000001Z', '=1', '=thing_1'],
      ['=2026-01-01T00:00:00.000001Z', '=x', '=thing_1'],
      ['=2026-01-01T00:00:00.000001Z', '=1', ''],
      ['=2026-01-01T00:00:00.000001Z', '=1', '=\0'],
      ['=2026-01-01T00:00:00.000001Z', '=1'],
    ];
    for (const parts of BAD) {
      assert.throws(() => decodeOrderToken(token(parts), order, []), INVALID, String(parts));
    }
  });
});

describe('the pages of an order', () => {
  let colony: Colony;

  before(async () => {
    colony = await openColony();
    await colony.db.query(TABLE);
  });
  after(() => colony?.[Symbol.asyncDispose]());

  const ORDERS = [
    '',
    'id',
    'name',
    'name desc',
    'create_time desc, name',
    'expire_time',
    'expire_time desc, note, size desc',
    'note desc, expire_time, id desc',
    'size, create_time',
  ];
  for (const text of ORDERS) {
    it(`show each row that stays once, by ${text || 'default'}`, async () => {
      const dice = new Dice(text.length + 1);
      await colony.db.query('delete from thing');
      for (let n = 0; n < 60; n += 1) await insert(dice, `stays_${n}`);
      const order = parseOrderBy(text, FIELDS);

      const seen: string[] = [];
      let token = '';
      for (let round = 0; ; round += 1) {
        const page = await read(order, token);
        seen.push(...page.ids);
        if (page.next === '') break;
        token = page.next;
        await insert(dice, `comes_${round}`);
        await colony.db.query('delete from thing where id = $1', [
          `comes_${dice.below(round + 1)}`,
        ]);
        // The page's last row goes: its key still says where to go on.
        if (round === 3)
          await colony.db.query('delete from thing where id = $1', [page.ids.at(-1)]);
      }

      const staying = seen.filter((id) => id.startsWith('stays'));
      assert.equal(staying.length, 60);
      assert.equal(new Set(seen).size, seen.length);
    });

    it(`are the list as a whole, by ${text || 'default'}`, async () => {
      const order = parseOrderBy(text, FIELDS);
      const sql = `select t.id from thing t order by ${orderSql(order)}`;
      const whole = (await colony.db.query<{ id: string }>(sql)).map(({ id }) => id);

      const paged: string[] = [];
      let token = '';
      do {
        const page = await read(order, token);
        paged.push(...page.ids);
        token = page.next;
      } while (token !== '');
      assert.deepEqual(paged, whole);
    });
  }

  async function insert(dice: Dice, id: string): Promise<void> {
    // Times finer than what JavaScript has: a key must not lose them.
    await colony.db.query(
      `insert into thing (id, name, note, created_at, expires_at, size)
       values ($1, $2, $3, timestamptz '2026-01-01' + $4 * interval '1 microsecond',
               timestamptz '2026-01-01' + $5 * interval '1 microsecond', $6)`,
      [
        id,
        dice.pick(['a', 'b', 'é', 'Z', '']),
        dice.maybe(['', 'n', 'm']),
        dice.below(3),
        dice.maybe([1, 2]),
        dice.maybe([0, -1.5, 1e21]),
      ],
    );
  }

  async function read(order: Order, token: string): Promise<{ ids: string[]; next: string }> {
    const key = decodeOrderToken(token, order, ['me']);
    const after = key ? afterKeySql(order, key, 1) : { sql: 'true', params: [] };
    const rows = await colony.db.query<{ id: string; key: (string | null)[] }>(
      `select t.id, ${keySql(order)} as key from thing t
       where ${after.sql} order by ${orderSql(order)} limit 7`,
      after.params,
    );
    const last = rows.length === 7 ? rows.at(-1) : undefined;
    const next = last ? encodeOrderToken(last.key, order, ['me']) : '';
    return { ids: rows.map(({ id }) => id), next };
  }
});
