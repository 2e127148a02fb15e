// Goal: a list has what its filter says, each clone that stays exactly once, in order, whoever sees
// it and whatever comes and goes meanwhile.
// Method: real clones in a real database, against the same filters in memory; a writer between pages.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Database, matches, migrate, openDatabase, parseFilter } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import { createDatabase } from '@ramet/test/support';
import type { Clone } from '../domain/clone.js';
import type { Sight } from '../domain/sight.js';
import { fillClones, manyClone, manyOwner } from '../testing/many-clones.js';
import { CLONE_FIELDS, cloneValues } from './clone-filter.js';
import { type ListOptions, readCloneList } from './clone-list.js';

const CLONES = 400;
const TEAMS = [1, 3, 5, 7, 9].map(manyOwner);
const MIGRATIONS = new URL('../../migrations/', import.meta.url);

const FILTERS = [
  'id = cln_00000000000000000000000300',
  'name = "trader-300"',
  'name = "trader-3*" OR name = job-*',
  'NOT name:*',
  'name >= "t" AND name < "tz"',
  'kind = CLONE_KIND_WORKFLOW',
  'phase = RUNNING OR phase = CLONE_PHASE_FAILED',
  'desired != DELETED',
  'reason:* AND -phase = DELETED',
  `owner = ${manyOwner(0)}`,
  `creator_id = usr_${'0'.repeat(25)}1 OR bot_id = bot_${'0'.repeat(25)}7`,
  `team_id != tem_${'0'.repeat(26)}`,
  'key_id:*',
  'labels.team = red',
  'labels.team != red labels:team',
  'NOT labels.canary:*',
  'labels.team = "gr*"',
  'create_time > 2000-01-01T00:00:00Z AND update_time < 2999-01-01T00:00:00Z',
  'phase_time < 2000-01-01T00:00:00Z',
];

const ORDERS = ['', 'id', 'name', 'name desc, create_time', 'update_time desc', 'phase_time, name'];

describe('a list of clones', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let db: Database;

  before(async () => {
    database = await createDatabase();
    db = await openDatabase({ url: database.url, schema: 'lifecycle', application: 'test' });
    await migrate(db, MIGRATIONS);
    await fillClones((sql) => db.query(sql), CLONES);
  });
  after(async () => {
    await db?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  it('has the clones that the filter passes in memory', async () => {
    const everything = await whole({});
    assert.equal(everything.length, CLONES);
    for (const filter of FILTERS) {
      const parsed = parseFilter(filter, CLONE_FIELDS);
      const wanted = everything.filter((clone) => matches(parsed, cloneValues(clone)));

      assert.deepEqual(idsOf(await whole({ filter })), idsOf(wanted), filter);
    }
  });

  it('finds a clone by the very time that it shows', async () => {
    const [clone] = await whole({ filter: `id = ${manyClone(7)}` });
    const filter = `create_time = ${clone?.createdAt.toISOString()}`;

    assert.deepEqual(idsOf(await whole({ filter })), [clone?.id]);
  });

  it('has nothing for who sees nobody', async () => {
    assert.deepEqual(await whole({ sight: [] }), []);
  });

  const SIGHTS: readonly (readonly [string, Sight])[] = [
    ['one owner', [manyOwner(0)]],
    ['many owners', [manyOwner(0), ...TEAMS]],
    ['all', 'all'],
  ];
  for (const [name, sight] of SIGHTS) {
    for (const orderBy of ORDERS) {
      it(`shows each that stays once, to who sees ${name}, by ${orderBy || 'default'}`, async () => {
        const before = idsOf(await whole({ sight, orderBy }));
        const comers: string[] = [];

        const seen = await whole({ sight, orderBy }, async (page) => {
          comers.push(await copy(9_000_000 + page, `a-${page}`), await copy(page, `z-${page}`));
          await remove(comers[page - 1] ?? '');
        });
        for (const id of comers) await remove(id);

        const ids = idsOf(seen);
        assert.equal(new Set(ids).size, ids.length);
        assert.deepEqual(
          ids.filter((id) => !comers.includes(id)),
          before,
        );
      });
    }
  }

  const REFUSED: readonly (readonly [string, Partial<ListOptions>])[] = [
    ['filter', { filter: 'owner_id = x' }],
    ['filter', { filter: 'phase = GONE' }],
    ['order_by', { orderBy: 'phase' }],
  ];
  for (const [field, wish] of REFUSED) {
    it(`refuses ${JSON.stringify(wish)}`, async () => {
      await assert.rejects(whole(wish), (thrown) => {
        assert.ok(thrown instanceof PublicError);
        return thrown.code === 'invalid_argument' && thrown.violations[0]?.field === field;
      });
    });
  }

  it('refuses a page of another filter, order or caller', async () => {
    const first = await readCloneList(db, optionsOf({}));
    const next = { size: 7, token: first.nextToken, binding: ['me'] };
    const others: readonly Partial<ListOptions>[] = [
      { filter: 'phase = RUNNING', page: next },
      { orderBy: 'id', page: next },
      { page: { ...next, binding: ['you'] } },
    ];
    await readCloneList(db, optionsOf({ filter: ' ', orderBy: 'id desc', page: next }));
    for (const other of others) {
      await assert.rejects(readCloneList(db, optionsOf(other)), { reason: 'REQUEST_INVALID' });
    }
  });

  function optionsOf(wish: Partial<ListOptions>): ListOptions {
    const page = { size: 7, token: '', binding: ['me'] };
    return { sight: 'all', view: 'all', filter: '', orderBy: '', page, ...wish };
  }

  /** All pages of a list, with something done after each. */
  async function whole(
    wish: Partial<ListOptions>,
    after: (page: number) => Promise<void> = async () => undefined,
  ): Promise<readonly Clone[]> {
    const clones: Clone[] = [];
    let token = '';
    for (let page = 1; ; page += 1) {
      const size = wish.sight === undefined ? 1_000 : 17;
      const options = optionsOf({ ...wish, page: { size, token, binding: ['me'] } });
      const { items, nextToken } = await readCloneList(db, options);
      clones.push(...items);
      if (nextToken === '') return clones;
      token = nextToken;
      await after(page);
    }
  }

  /** One more clone of the first owner, like its first one. */
  async function copy(n: number, name: string): Promise<string> {
    const id = manyClone(n * 1_000);
    const sql = `
      insert into clone
      select made.*
      from clone c
      cross join lateral jsonb_populate_record(c, jsonb_build_object('id', $1::text, 'name', $2::text))
        as made
      where c.id = $3`;
    await db.query(sql, [id, name, manyClone(1)]);
    return id;
  }

  async function remove(id: string): Promise<void> {
    await db.query('delete from clone where id = $1', [id]);
  }
});

describe('docs/filters.md', () => {
  it('tells each field of clones, and what lists are ordered by', () => {
    const document = readFileSync(new URL('../../../../docs/filters.md', import.meta.url), 'utf8');
    const [, table = ''] = /## Fields of clones\n([\s\S]*?)\n## /.exec(document) ?? [];
    const rows = [...table.matchAll(/^\| (`.*?`) \|.*\| (yes)? ?\|$/gm)];
    const told = rows.flatMap(([, names = '', ordered]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, ordered === 'yes']),
    );

    const wanted = Object.entries(CLONE_FIELDS).map(([name, field]) => [name, 'ordered' in field]);
    assert.deepEqual(told, wanted);
  });
});

function idsOf(clones: readonly Clone[]): readonly string[] {
  return clones.map(({ id }) => id);
}
