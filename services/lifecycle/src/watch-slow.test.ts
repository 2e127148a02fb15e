// Goal: watchers cost bounded memory, whatever they do, and miss nothing for it.
// Method: limits so small that all of them are met; clients that stop reading their sockets.

import assert from 'node:assert/strict';
import {
  type Clone,
  ClonePhase,
  CloneView,
  WatchClonesRequest,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { reached, until, WHOLE_PAST } from './testing/steps.js';

const HELD = 24;
const LIMITS = { held: HELD, page: 5 };
const NEVER = { ...LIMITS, lag: 1_000_000n };
/** What a socket and its buffers do not take in whole. */
const LARGE = [{ name: 'filler', value: 'x'.repeat(40_000) }];

describe('a watcher', () => {
  let house: House;
  let crew: Crew;
  let api: Api;

  before(async () => {
    house = await openHouse({ watch: NEVER });
    crew = await house.createCrew('slow');
    api = house.as(crew.owner.token);
  });
  after(() => house[Symbol.asyncDispose]());

  it('is shown all there is page by page, while it changes', async () => {
    const before = await Promise.all(Array.from({ length: 23 }, () => create()));
    const changing = before.slice(0, 12).map(({ id }) => remove(id));
    const more = Array.from({ length: 12 }, () => create());
    const states = new Map<string, Clone>();
    const proven: WatchClonesResponse[] = [];
    const all = [...changing, ...more];
    let isOver = false;
    let isProven = false;
    void Promise.allSettled(all).then(() => {
      isOver = true;
    });

    for await (const response of watch(START)) {
      follow(states, response);
      proven.push(response);
      isProven ||= response.event?.$case === 'checkpoint';
      if (isProven && isOver && (await isAsListed(states))) break;
    }
    const { cursor } =
      proven.filter((each) => each.event?.$case === 'checkpoint').at(0) ?? assert.fail();
    assert.ok(cursor.length > 0);
    await Promise.all(all);
  });

  it('that stops reading is not fed, and catches up from the database', async () => {
    const stream = watch(START);
    const states = await untilSettled(stream);
    const clones = await Promise.all(Array.from({ length: 20 }, () => create(LARGE)));
    await Promise.all(clones.map(({ id }) => remove(id)));
    const { seats, told } = house.watched();
    assert.equal(seats, 1);
    assert.ok(told <= HELD, `${told} are held`);

    for await (const response of stream) {
      follow(states, response);
      if (clones.every(({ id }) => states.get(id)?.phase === ClonePhase.DELETED)) break;
    }
    for (const { id } of clones) assert.equal(states.get(id)?.seq, await lengthOf(id));
  });

  it('that stops reading for too long is cut, and misses nothing when it goes on', async () => {
    await house.restart({ watch: { ...LIMITS, lag: 10n } });
    api = house.as(crew.owner.token);
    const stream = watch(START);
    const states = await untilSettled(stream);
    const clones = await Promise.all(Array.from({ length: 20 }, () => create(LARGE)));
    await Promise.all(clones.map(({ id }) => remove(id)));
    await until(() => house.watched().seats === 0);
    assert.deepEqual(house.watched(), { seats: 0, audiences: 0, told: 0 });

    const { reason, cursor } = await readToItsEnd(stream, states);
    assert.equal(reason, 'WATCH_TOO_SLOW');
    assert.ok(clones.some(({ id }) => states.get(id)?.phase !== ClonePhase.DELETED));

    for await (const response of watch(cursor)) {
      follow(states, response);
      if (clones.every(({ id }) => states.get(id)?.phase === ClonePhase.DELETED)) break;
    }
    for (const { id } of clones) assert.equal(states.get(id)?.seq, await lengthOf(id));
  });

  const START = Buffer.alloc(0);

  function watch(cursor: Buffer) {
    return api.clones.watchClones(WatchClonesRequest.fromPartial({ cursor }));
  }

  function create(parameters: Clone['parameters'] = []): Promise<Clone> {
    return createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id), parameters });
  }

  async function remove(id: string): Promise<void> {
    await api.clones.deleteClone({ id, etag: '' });
    await reached(api, id, ClonePhase.DELETED);
  }

  async function isAsListed(states: ReadonlyMap<string, Clone>): Promise<boolean> {
    const page = {
      owner: undefined,
      view: CloneView.ACTIVE,
      pageSize: 1_000,
      pageToken: '',
      filter: '',
      orderBy: '',
    };
    const { clones } = await api.clones.listClones(page);
    const alive = [...states.values()].filter(({ phase }) => phase !== ClonePhase.DELETED);
    if (alive.length !== clones.length) return false;
    return clones.every(({ id, seq }) => states.get(id)?.seq === seq);
  }

  async function lengthOf(cloneId: string): Promise<number> {
    const all = { cloneId, pageSize: 0, pageToken: '', ...WHOLE_PAST };
    return (await api.clones.listCloneHistory(all)).entries.length;
  }
});

/** Takes in what is told. Of each clone no change may be missing, and none may come twice. */
function follow(states: Map<string, Clone>, { event }: WatchClonesResponse): void {
  if (event?.$case === 'snapshot') {
    assert.ok(!states.has(event.value.id), 'a clone is in the snapshot twice');
    states.set(event.value.id, event.value);
  }
  if (event?.$case !== 'change') return;
  const clone = event.value.clone ?? assert.fail();
  const before = states.get(clone.id);
  if (before) assert.equal(clone.seq, before.seq + 1);
  states.set(clone.id, clone);
}

/** Reads until the first checkpoint: then all that there is has been told. */
async function untilSettled(
  stream: AsyncGenerator<WatchClonesResponse>,
): Promise<Map<string, Clone>> {
  const states = new Map<string, Clone>();
  while (true) {
    const { value } = await stream.next();
    if (!value) assert.fail('the watch has ended');
    follow(states, value);
    if (value.event?.$case === 'checkpoint') return states;
  }
}

/** Reads what was sent before a watch was cut. Returns why it was, and the cursor that it tells. */
async function readToItsEnd(
  stream: AsyncGenerator<WatchClonesResponse>,
  states: Map<string, Clone>,
): Promise<{ readonly reason: string; readonly cursor: Buffer }> {
  let last: Buffer = Buffer.alloc(0);
  try {
    for await (const response of stream) {
      follow(states, response);
      last = response.cursor;
    }
  } catch (thrown) {
    if (!(thrown instanceof RemoteError)) throw thrown;
    const cursor = Buffer.from(thrown.metadata.cursor ?? '', 'base64');
    assert.deepEqual(cursor, last);
    return { reason: thrown.reason, cursor };
  }
  return assert.fail('the watch has ended by itself');
}
