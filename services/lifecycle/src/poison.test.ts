// Goal: a clone that nobody can work on changes nothing for any other, and is well once it is mended.
// Method: a hundred clones on a real database; the row of one is made unreadable there.

import assert from 'node:assert/strict';
import { type Database, openDatabase } from '@ramet/database';
import { type Clone, ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { createRunning, exit, reached, until } from './testing/steps.js';

const OTHERS = 99;

describe('a poisoned clone', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let db: Database;

  before(async () => {
    house = await openHouse();
    house.executor.isSwift = true;
    crew = await house.createCrew('poison');
    api = house.as(crew.owner.token);
    const { databaseUrl: url } = house;
    db = await openDatabase({ url, schema: 'lifecycle', application: 'test', poolSize: 1 });
  });
  after(async () => {
    await db[Symbol.asyncDispose]();
    await house[Symbol.asyncDispose]();
  });

  const create = (): Promise<Clone> =>
    createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id) });

  it('is left alone, while ninety-nine others live their lives', async () => {
    const poisoned = await createRunning(house, api, {
      botId: crew.bot.id,
      ownerId: crew.owner.id,
    });
    const { id } = poisoned;
    const [whole] = await db.query<{ release: string }>(POISON, [id]);
    exit(house, poisoned, { exitCode: 0 });
    await until(async () => (await problemOf(id)) !== null);

    const others = await Promise.all(Array.from({ length: OTHERS }, create));
    for (const other of others) {
      exit(house, await reached(api, other.id, ClonePhase.RUNNING), { exitCode: 0 });
    }
    for (const other of others) await reached(api, other.id, ClonePhase.COMPLETED);
    assert.notEqual(await problemOf(id), null);

    await db.query('update clone set release = $2::jsonb where id = $1', [id, whole?.release]);
    await reached(api, id, ClonePhase.COMPLETED);
    await until(async () => (await problemOf(id)) === null);
  });

  /** What stood in the way of a clone the last time that it was worked on. */
  async function problemOf(id: string): Promise<string | null> {
    const rows = await db.query<{ error: string | null }>(PROBLEM, [id]);
    return (rows[0] ?? assert.fail('nobody works on it')).error;
  }
});

/** Takes the stages from what a clone runs. Returns what it ran before. */
const POISON = `
  with whole as (select release::text from clone where id = $1)
  update clone set release = clone.release - 'stages' from whole where id = $1
  returning whole.release`;

const PROBLEM = 'select error from work where id = $1';
