// Goal: what is too old goes, on the tick of the database's clock, whoever sweeps; nothing else does.
// Method: results left over real sockets; then sweepers by hand, whose sessions move the clock.

import assert from 'node:assert/strict';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { type BlobStore, openDiskStore } from '@ramet/blobs';
import { type Database, openDatabase, readHistory } from '@ramet/database';
import {
  type Clone,
  ClonePhase,
  ResultKind,
  WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { Scope, systemClock } from '@ramet/service';
import { Results } from './store/results.js';
import { Retention } from './store/retention.js';
import { sweepAll } from './sweeper/sweeper.js';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { leave, listed, read } from './testing/results.js';
import { executionOf, got, reached, reasonOf, start, until } from './testing/steps.js';

const DAY_MS = 24 * 60 * 60_000;
const TOMBSTONE_MS = 10 * DAY_MS;
const FOREVER = new AbortController().signal;

/** A sweeper of a replica whose clock a test may move. */
interface Sweeper {
  readonly db: Database;
  readonly results: Results;
  readonly retention: Retention;
  readonly failures: string[];
  /** Sweeps at a time. */
  sweepAt(at: Date): Promise<void>;
}

describe('what is too old', () => {
  const scope = new Scope();
  let house: House;
  let crew: Crew;
  let api: Api;
  let blobs: BlobStore;
  let one: Sweeper;
  let other: Sweeper;

  before(async () => {
    // Its own sweeper rests for as long as the test takes.
    house = scope.use(await openHouse({ sweepMs: DAY_MS }));
    crew = await house.createCrew('retention');
    api = house.as(crew.owner.token);
    blobs = scope.use(await openDiskStore({ dir: house.blobsDir }));
    one = await openSweeper();
    other = await openSweeper();
  });
  after(() => scope[Symbol.asyncDispose]());

  async function openSweeper(): Promise<Sweeper> {
    const { databaseUrl: url } = house;
    const db = scope.use(
      await openDatabase({ url, schema: 'lifecycle', application: 'sweeper', poolSize: 1 }),
    );
    const results = new Results(db, 1e9);
    const retention = new Retention(db, { tombstoneMs: TOMBSTONE_MS });
    const failures: string[] = [];
    const note = (text: string, facts?: object): void => {
      failures.push(`${text} ${JSON.stringify(facts)}`);
    };
    const logger = { debug: note, info: note, warn: note, error: note };
    const needs = { results, retention, blobs, clock: systemClock, logger };
    return {
      ...{ db, results, retention, failures },
      async sweepAt(at) {
        await moveTo(db, at);
        await sweepAll(needs, FOREVER);
        assert.deepEqual(failures, []);
      },
    };
  }

  async function running(): Promise<Clone> {
    const { id } = await createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id) });
    return start(house, api, id);
  }

  async function deleted(clone: Clone): Promise<Clone> {
    await api.clones.deleteClone({ id: clone.id, etag: '' });
    return reached(api, clone.id, ClonePhase.DELETED);
  }

  const blobsOf = ({ id }: Clone): Promise<readonly string[]> =>
    readdir(`${house.blobsDir}/results/${id}`).catch(() => []);

  it('of results goes at its time, and they are known as expired', async () => {
    const clone = await running();
    const { expireTime } = await leave(house, clone, { name: 'a', bytes: 'x' });
    assert.ok(expireTime);

    await one.sweepAt(justBefore(expireTime));
    assert.equal((await read(api, clone.id, 0)).bytes.toString(), 'x');
    await one.sweepAt(expireTime);
    assert.deepEqual(
      (await listed(api, clone.id)).map(({ index, expired }) => [index, expired]),
      [[0, true]],
    );
    assert.equal(await reasonOf(read(api, clone.id, 0)), 'RESULT_EXPIRED');
    assert.deepEqual(await blobsOf(clone), []);

    const again = await leave(house, clone, { name: 'a', bytes: 'x' });
    assert.deepEqual([again.index, again.expired], [0, false]);
    assert.equal((await read(api, clone.id, 0)).bytes.toString(), 'x');
  });

  it('is shared by replicas that sweep at once', async () => {
    const clone = await running();
    const left = Array.from({ length: 40 }, (_, n) => ({ name: `f${n}`, bytes: `${n}` }));
    for (const each of left) await leave(house, clone, each);
    const later = new Date(systemClock.now().getTime() + 31 * DAY_MS);
    await Promise.all([one.sweepAt(later), other.sweepAt(later)]);
    await one.sweepAt(new Date(later.getTime() + DAY_MS));

    assert.ok((await listed(api, clone.id)).every(({ expired }) => expired));
    assert.deepEqual(await blobsOf(clone), []);
    const [head] = await one.db.query<{ bytes: number }>(
      'select size_bytes::int as bytes from result_head where clone_id = $1',
      [clone.id],
    );
    assert.equal(head?.bytes, 0);
  });

  it('goes with a clone that is deleted, and keeps no deletion waiting', async () => {
    const clone = await running();
    const kept = await running();
    for (const each of [clone, kept]) await leave(house, each, { name: 'a', bytes: 'x' });
    await deleted(clone);
    assert.equal((await blobsOf(clone)).length, 1);

    await one.sweepAt(systemClock.now());
    assert.deepEqual(await blobsOf(clone), []);
    assert.deepEqual(await rowsOf(one.db, clone.id), { result: 0, result_blob: 0, result_head: 0 });
    assert.equal((await read(api, kept.id, 0)).bytes.toString(), 'x');
  });

  it('goes after a kill between the bytes and the row', async () => {
    const clone = await running();
    const blob = `results/${clone.id}/blb_orphan`;
    const wish = {
      ...{ cloneId: clone.id, ...executionOf(clone), name: 'a', kind: 'OUTPUT' as const, blob },
      ...{ sizeBytes: 1, sha256: Buffer.alloc(32), mediaType: 'text/plain' },
    };
    await moveTo(one.db, undefined);
    assert.equal(await one.results.begin(wish), undefined);
    await blobs.put(
      blob,
      (async function* () {
        yield Buffer.from('x');
      })(),
      { maxBytes: 1 },
    );

    const now = systemClock.now().getTime();
    await one.sweepAt(new Date(now + 50 * 60_000));
    assert.equal((await blobsOf(clone)).length, 1, 'it may still be on its way');
    await one.sweepAt(new Date(now + 61 * 60_000));
    assert.deepEqual(await blobsOf(clone), []);
    await moveTo(one.db, undefined);
    await assert.rejects(one.results.keep(wish), { reason: 'UPLOAD_EXPIRED' });
  });

  it('is a blob that nothing speaks of, once it is an hour old', async () => {
    const folder = `${house.blobsDir}/results/unknown`;
    await mkdir(folder, { recursive: true });
    const old = new Date(systemClock.now().getTime() - 61 * 60_000);
    for (const name of ['old', 'new']) await writeFile(`${folder}/${name}.blob`, 'x');
    await utimes(`${folder}/old.blob`, old, old);

    await one.db.query("delete from sweep where name = 'unknown_blobs'");
    await moveTo(one.db, undefined);
    await one.sweepAt(systemClock.now());
    assert.deepEqual(await readdir(folder), ['new.blob']);
  });

  it('are request ids, but not while what they made is there', async () => {
    const empty = { botId: crew.bot.id, owner: ownerOf(crew.owner.id) };
    const lives = await createClone(api, { ...empty, requestId: 'lives' });
    const gone = await createClone(api, { ...empty, requestId: 'gone' });
    await deleted(await start(house, api, gone.id));

    const now = systemClock.now().getTime();
    const kept = async (): Promise<readonly string[]> => {
      const sql = `select request_id as id from request_id
        where resource_id = any ($1) and request_id in ('lives', 'gone') order by 1`;
      const rows = await one.db.query<{ id: string }>(sql, [[lives.id, gone.id]]);
      return rows.map(({ id }) => id);
    };
    await one.db.query("delete from sweep where name = 'request_ids'");
    await one.sweepAt(new Date(now + 6 * DAY_MS));
    assert.deepEqual(await kept(), ['gone', 'lives']);
    await one.sweepAt(new Date(now + 8 * DAY_MS));
    assert.deepEqual(await kept(), ['lives']);
  });

  it('are clones that were deleted, of which a tombstone is left, to the tick', async () => {
    const first = await running();
    const clone = await running();
    await leave(house, clone, { name: 'a', bytes: 'x', header: { kind: ResultKind.LOG } });
    const last = await running();
    const { history } = await historyOf(clone.id);
    const { deleteTime, etag } = await deleted(clone);
    const [row] = await one.db.query<{ at: string; seq: number; hash: Buffer }>(
      `select (deleted_at + $2 * interval '1 millisecond')::text as at, seq, hash
       from clone where id = $1`,
      [clone.id, TOMBSTONE_MS],
    );
    assert.ok(row && deleteTime && etag && history.length > 0);

    await published(one.db);
    await one.sweepAt(systemClock.now());
    await setTime(one.db, `('${row.at}'::timestamptz - interval '1 microsecond')::text`);
    while ((await one.retention.pruneClones()) > 0);
    await got(api, clone.id);
    await setTime(one.db, `'${row.at}'`);
    assert.equal(await one.retention.pruneClones(), 1);

    assert.equal(await reasonOf(got(api, clone.id)), 'CLONE_NOT_FOUND');
    const [stone] = await one.db.query<{ owner_id: string; seq: number; hash: Buffer }>(
      'select * from tombstone where clone_id = $1',
      [clone.id],
    );
    assert.deepEqual(
      [stone?.owner_id, stone?.seq, stone?.hash.equals(row.hash)],
      [crew.owner.id, row.seq, true],
    );
    assert.deepEqual((await historyOf(clone.id)).history, []);
    const { actions } = await houseActions(clone.id);
    assert.ok(actions > 0, 'what people did to it stays');
    for (const { id } of [first, last]) await got(api, id);
  });

  it('leaves gaps that no reader of the history stumbles over', async () => {
    const first = await running();
    const cursor = await cursorOf(api, crew.owner.id);
    const gone = await deleted(await running());
    const last = await running();
    await published(one.db);
    await one.sweepAt(new Date(systemClock.now().getTime() + TOMBSTONE_MS + DAY_MS));
    assert.equal((await historyOf(gone.id)).history.length, 0);

    const told = new Set<string>();
    const asked = { ...WatchClonesRequest.decode(new Uint8Array()), owner: ownerOf(crew.owner.id) };
    for await (const { event } of api.clones.watchClones({ ...asked, cursor })) {
      if (event?.$case === 'change') told.add(event.value.clone?.id ?? '');
      if (told.has(last.id)) break;
    }
    assert.deepEqual([told.has(first.id), told.has(gone.id)], [false, false]);
    const rows = await readHistory(one.db, { after: 0n, limit: 1_000 });
    assert.ok(rows.some(({ aggregate }) => aggregate === last.id));
  });

  async function historyOf(id: string): Promise<{ readonly history: readonly unknown[] }> {
    const sql = 'select seq from history where aggregate = $1';
    return { history: await one.db.query(sql, [id]) };
  }

  async function houseActions(id: string): Promise<{ readonly actions: number }> {
    const sql = 'select count(*)::int as actions from action where clone_id = $1';
    const [row] = await one.db.query<{ actions: number }>(sql, [id]);
    return row ?? { actions: 0 };
  }
});

/** A moment, one millisecond earlier. */
function justBefore(at: Date): Date {
  return new Date(at.getTime() - 1);
}

/** Stops the clock of a sweeper's session at a time, or has it go on. */
async function moveTo(db: Database, at: Date | undefined): Promise<void> {
  await setTime(db, `'${at?.toISOString() ?? ''}'`);
}

async function setTime(db: Database, sql: string): Promise<void> {
  await db.query(`select set_config('ramet.now', ${sql}, false) as at`);
}

async function rowsOf(db: Database, cloneId: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const table of ['result', 'result_blob', 'result_head']) {
    const sql = `select count(*)::int as count from ${table} where clone_id = $1`;
    const [row] = await db.query<{ count: number }>(sql, [cloneId]);
    counts[table] = row?.count ?? -1;
  }
  return counts;
}

/** Waits until all that has happened is published. */
async function published(db: Database): Promise<void> {
  const sql = `
    select 1 as is_all from sequencer s join relay r on r.position = s.position
    where not exists (select from history h where h.position is null)`;
  await until(async () => (await db.query(sql)).length > 0);
}

/** Where an owner's watch goes on from now. */
async function cursorOf({ clones }: Api, ownerId: string): Promise<Buffer> {
  const asked = { ...WatchClonesRequest.decode(new Uint8Array()), owner: ownerOf(ownerId) };
  for await (const { event, cursor } of clones.watchClones(asked)) {
    if (event?.$case === 'checkpoint') return cursor;
  }
  return assert.fail('no checkpoint came');
}
