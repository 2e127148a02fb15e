// Goal: a watcher is told every change that it may see, once and in order, and can prove it.
// Method: real streams over real sockets, cut and taken up again; the database is looked at beside.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { openDatabase } from '@ramet/database';
import {
  ClonePhase,
  WatchClonesRequest,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import {
  createRunning,
  executionOf,
  exit,
  QUIET_BEAT,
  reached,
  reasonOf,
} from './testing/steps.js';

type Told = WatchClonesResponse;

const START = Buffer.alloc(0);

describe('a watch', () => {
  let house: House;
  let crew: Crew;
  let api: Api;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('watch');
    api = house.as(crew.owner.token);
  });
  after(() => house[Symbol.asyncDispose]());

  it('tells what is there, then every change to the end, and where to go on', async () => {
    const first = await createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id) });
    await reached(api, first.id, ClonePhase.PROVISIONING);
    const told: Told[] = [];

    for await (const response of watch(api, first.id, START)) {
      told.push(response);
      if (response.event?.$case === 'checkpoint') {
        await api.clones.deleteClone({ id: first.id, etag: '' });
      }
      if (phaseOf(response) === ClonePhase.DELETED) break;
    }

    assert.deepEqual(told.slice(0, 2).map(kindOf), ['snapshot', 'checkpoint']);
    const phases = told.slice(2).map(phaseOf);
    assert.deepEqual(phases, [ClonePhase.PROVISIONING, ClonePhase.DELETING, ClonePhase.DELETED]);
  });

  it('goes on after a cursor without a gap and without a repetition', async () => {
    const clone = await createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id) });
    const [checkpoint] = await take(
      watch(api, clone.id, START),
      1,
      (each) => kindOf(each) === 'checkpoint',
    );
    await reached(api, clone.id, ClonePhase.PROVISIONING);
    await api.clones.deleteClone({ id: clone.id, etag: '' });
    await reached(api, clone.id, ClonePhase.DELETED);

    const seqs: number[] = [];
    let cursor = checkpoint?.cursor ?? assert.fail();
    while (true) {
      // One change at a time, each over a stream of its own.
      const [next] = await take(
        watch(api, clone.id, cursor),
        1,
        (each) => kindOf(each) === 'change',
      );
      cursor = next?.cursor ?? assert.fail();
      seqs.push(cloneIn(next)?.seq ?? 0);
      if (phaseOf(next) === ClonePhase.DELETED) break;
    }

    const first = seqs[0] ?? 0;
    assert.deepEqual(
      seqs,
      seqs.map((_, index) => first + index),
    );
  });

  it('proves with a checkpoint what it has delivered', async () => {
    const clone = await createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id) });
    await reached(api, clone.id, ClonePhase.PROVISIONING);
    const told: Told[] = [];

    for await (const response of watch(api, clone.id, START)) {
      told.push(response);
      if (kindOf(response) !== 'checkpoint') continue;
      const proofs = told.filter((each) => kindOf(each) === 'checkpoint').length;
      if (proofs === 1) await api.clones.stopClone({ id: clone.id, etag: '', external: undefined });
      if (phaseOf(lastChange(told)) === ClonePhase.STOPPED) break;
    }

    assert.ok(told.length > 4);
    requireProven(told);
  });

  it('tells what a running clone reports, once', async () => {
    const wish = { botId: crew.bot.id, ownerId: crew.owner.id };
    const clone = await createRunning(house, api, wish);
    const runner = await house.asRunner(clone);
    const progress = {
      sequence: 1n,
      fraction: 0.5,
      message: 'half way',
      metrics: [{ name: 'balance', value: 10.5, unit: 'USDT' }],
      reportTime: undefined,
    };

    const told = take(watch(api, clone.id, START), 1, (each) => kindOf(each) === 'progress');
    await runner.reports.updateExecution({
      ...QUIET_BEAT,
      ...executionOf(clone),
      instance: 'runner-1',
      started: false,
      progress,
    });

    const [{ event } = { event: undefined }] = await told;
    const value = event?.$case === 'progress' ? event.value : assert.fail();
    assert.deepEqual({ ...value.progress, reportTime: undefined }, progress);
    exit(house, clone, { exitCode: 0 });
    await reached(api, clone.id, ClonePhase.COMPLETED);
  });

  it('refuses cursors that it has not made, or made for another filter', async () => {
    const [begin] = await take(watch(api, '', START), 1, (each) => kindOf(each) === 'checkpoint');
    const cursor = begin?.cursor ?? assert.fail();
    for (const [name, made, cloneId] of [
      ['other bytes', Buffer.from('something else'), ''],
      ['cut short', cursor.subarray(0, 27), ''],
      ['of the future', futureCursor(cursor), ''],
      ['of another filter', cursor, `cln_${'1'.repeat(26)}`],
    ] as const) {
      const call = take(watch(api, cloneId, made), 1, () => true);
      assert.equal(await reasonOf(call), 'REQUEST_INVALID', name);
    }
  });

  it('refuses a cursor from before what is kept', async () => {
    const [begin] = await take(watch(api, '', START), 1, (each) => kindOf(each) === 'checkpoint');
    const { id } = await createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id) });
    await reached(api, id, ClonePhase.PROVISIONING);
    await using db = await openDatabase({
      url: house.databaseUrl,
      schema: 'lifecycle',
      application: 'test',
    });
    // Whoever prunes moves whole aggregates: here, out of the way and back.
    await db.query('create table pruned as select * from history');
    await db.query('delete from history where position is not null');
    await api.clones.stopClone({ id, etag: '', external: undefined });
    await reached(api, id, ClonePhase.STOPPED);

    const call = take(watch(api, '', begin?.cursor ?? assert.fail()), 1, () => true);
    const reason = await reasonOf(call);
    await db.query('insert into history overriding system value select * from pruned');
    assert.equal(reason, 'CURSOR_PRUNED');
  });
});

function watch({ clones }: Api, cloneId: string, cursor: Buffer): AsyncIterable<Told> {
  return clones.watchClones(WatchClonesRequest.fromPartial({ cloneId, cursor }));
}

async function take(
  stream: AsyncIterable<Told>,
  count: number,
  wanted: (told: Told) => boolean,
): Promise<readonly Told[]> {
  const taken: Told[] = [];
  for await (const told of stream) {
    if (wanted(told)) taken.push(told);
    if (taken.length === count) break;
  }
  return taken;
}

function kindOf({ event }: Told): string {
  return event?.$case ?? '';
}

function cloneIn(told: Told | undefined) {
  const event = told?.event;
  if (event?.$case === 'snapshot') return event.value;
  return event?.$case === 'change' ? event.value.clone : undefined;
}

function phaseOf(told: Told | undefined): ClonePhase | undefined {
  return cloneIn(told)?.phase;
}

function lastChange(told: readonly Told[]): Told | undefined {
  return told.filter((each) => kindOf(each) === 'change').at(-1);
}

/** What a proof takes in of an event: worked out here again, by the contract. */
function recordOf(field: number, clone: { id: string; seq: number } | undefined): Buffer {
  const { id, seq } = clone ?? assert.fail('no clone');
  const place = Buffer.alloc(4);
  place.writeUInt32BE(seq);
  return Buffer.concat([Buffer.of(field), Buffer.from(id), place]);
}

/** Works out again what each checkpoint must say. */
function requireProven(told: readonly Told[]): void {
  let hash: Buffer = Buffer.alloc(32);
  let count = 0n;
  let since: Buffer[] = [];
  for (const { event } of told) {
    if (event?.$case === 'snapshot') since.push(recordOf(1, event.value));
    if (event?.$case === 'change') since.push(recordOf(2, event.value.clone));
    if (event?.$case !== 'checkpoint') continue;
    if (since.length > 0) hash = sha256(hash, ...since);
    count += BigInt(since.length);
    since = [];
    assert.deepEqual(event.value, { count, hash });
  }
}

function sha256(...parts: readonly Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

function futureCursor(cursor: Buffer): Buffer {
  const future = Buffer.from(cursor);
  future.writeBigUInt64BE(1_000_000n, 20);
  return future;
}
