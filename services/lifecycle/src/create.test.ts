// Goal: a clone is accepted once, within its owner's quota, and only if the request makes sense.
// Method: real lifecycle and teams on a real database; requests as clients send them, also at once.

import assert from 'node:assert/strict';
import { type Clone, ClonePhase, CloneView } from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import {
  type Api,
  type Crew,
  createClone,
  createKey,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { got, reached, reasonOf, used } from './testing/steps.js';

const QUOTA = 6;

describe('creating clones', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let wish: Wish;

  before(async () => {
    house = await openHouse({ cloneQuota: QUOTA });
    crew = await house.createCrew('create');
    api = house.as(crew.owner.token);
    wish = { botId: crew.bot.id, owner: ownerOf(crew.owner.id) };
  });
  after(() => house[Symbol.asyncDispose]());
  afterEach(() => removeAll(api));

  it('has one effect for a request id, however often and together it comes', async () => {
    const asked = { ...wish, requestId: 'once', labels: { b: '1', a: '2' } };

    const clones = await Promise.all(Array.from({ length: 12 }, () => createClone(api, asked)));

    assert.equal(new Set(clones.map(({ id }) => id)).size, 1);
    assert.equal(await used(api, crew.owner.id), 1);
  });

  it('answers a repeated request with the clone as it is now', async () => {
    const { id } = await createClone(api, { ...wish, requestId: 'later' });
    await reached(api, id, ClonePhase.PROVISIONING);

    const again = await createClone(api, { ...wish, requestId: 'later' });

    assert.deepEqual(again, await got(api, id));
  });

  it('refuses another request with the same id', async () => {
    await createClone(api, { ...wish, requestId: 'taken' });

    const other = createClone(api, { ...wish, requestId: 'taken', name: 'other' });

    assert.equal(await reasonOf(other), 'REQUEST_ID_REUSED');
  });

  it('gives two callers request ids of their own', async () => {
    const theirs = house.as(crew.admin.token);
    const first = await createClone(api, { ...wish, requestId: 'same' });
    const second = await createClone(theirs, {
      botId: crew.bot.id,
      owner: ownerOf(crew.admin.id),
      requestId: 'same',
    });

    assert.notEqual(first.id, second.id);
  });

  it('never goes over the quota, however many come at once', async () => {
    const asked = Array.from({ length: 4 * QUOTA }, (_, n) => {
      return reasonOf(createClone(api, { ...wish, requestId: `crowd-${n}` }));
    });

    const reasons = await Promise.all(asked);

    assert.equal(reasons.filter((reason) => reason === 'ok').length, QUOTA);
    assert.equal(reasons.filter((reason) => reason === 'QUOTA_EXCEEDED').length, 3 * QUOTA);
    assert.equal(await used(api, crew.owner.id), QUOTA);
  });

  it('forgets the request id of a clone that was refused', async () => {
    const clones = await Promise.all(Array.from({ length: QUOTA }, () => createClone(api, wish)));
    const late = { ...wish, requestId: 'refused' };
    assert.equal(await reasonOf(createClone(api, late)), 'QUOTA_EXCEEDED');
    await remove(api, clones[0]);

    const { phase } = await createClone(api, late);

    assert.equal(phase, ClonePhase.ACCEPTED);
  });

  it('gives a name to one of the clones that ask for it, and again when that is deleted', async () => {
    const named = { ...wish, name: 'trader-1' };
    const reasons = await Promise.all([1, 2, 3].map(() => reasonOf(createClone(api, named))));
    assert.deepEqual(reasons.sort(), ['NAME_TAKEN', 'NAME_TAKEN', 'ok']);
    assert.equal(await used(api, crew.owner.id), 1);

    const { clones } = await api.clones.listClones(EVERYTHING);
    await remove(
      api,
      clones.find(({ name }) => name === 'trader-1'),
    );

    assert.equal((await createClone(api, named)).name, 'trader-1');
  });

  it('checks everything and creates nothing when it is asked to validate', async () => {
    const keyId = await createKey(api, crew.owner.id, 'validated');
    const rehearsed = { ...wish, keyId, name: 'rehearsed', validateOnly: true };
    const { phase } = await createClone(api, rehearsed);
    assert.equal(phase, ClonePhase.ACCEPTED);
    assert.equal(await used(api, crew.owner.id), 0);

    const { id } = await createClone(api, { ...rehearsed, validateOnly: false });
    await reached(api, id, ClonePhase.PROVISIONING);
    const named = createClone(api, rehearsed);
    const keyed = createClone(api, { ...rehearsed, name: 'another' });

    assert.equal(await reasonOf(named), 'NAME_TAKEN');
    assert.equal(await reasonOf(keyed), 'KEY_IN_USE');
  });

  it('lists what is wrong with a request, all of it, by field', async () => {
    const bad = createClone(api, {
      ...wish,
      parameters: [{ name: 'a', value: '1' }, { name: 'a', value: '2' }, ...many()],
    });

    assert.deepEqual(await fieldsOf(bad), ['parameters', 'parameters[1].name']);
  });

  for (const [name, change, field] of invalidRequests()) {
    it(`refuses ${name}`, async () => {
      assert.deepEqual(await fieldsOf(createClone(api, { ...wish, ...change })), [field]);
    });
  }

  it('keeps what it was told, to the letter', async () => {
    const told = {
      parameters: [{ name: 'motto', value: '=\n"ünïcødé" 🌱\u2028' }],
      labels: { clé: 'värde' },
      limits: {
        runTime: { seconds: 90n, nanos: 500_000_000 },
        memoryBytes: 64n * 1024n * 1024n,
        grace: { seconds: 0n, nanos: 0 },
        cpuMillis: 0n,
        storageBytes: 0n,
      },
    };
    const { id } = await createClone(api, { ...wish, ...told });

    const { parameters, labels, limits } = await got(api, id);

    assert.deepEqual({ parameters, labels, limits }, told);
  });

  it('lists clones newest first, page by page, and refuses a foreign page', async () => {
    const made: Clone[] = [];
    for (let n = 0; n < 5; n += 1) made.push(await createClone(api, wish));
    const ids: string[] = [];
    let pageToken = '';
    do {
      const page = await api.clones.listClones({ ...EVERYTHING, pageSize: 2, pageToken });
      ids.push(...page.clones.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');

    const wanted = new Set(made.map(({ id }) => id));
    assert.deepEqual(
      ids.filter((id) => wanted.has(id)),
      [...wanted].sort().reverse(),
    );
    const page = await api.clones.listClones({ ...EVERYTHING, pageSize: 2 });
    const elsewhere = { ...EVERYTHING, view: CloneView.ACTIVE, pageToken: page.nextPageToken };
    assert.equal(await reasonOf(api.clones.listClones(elsewhere)), 'REQUEST_INVALID');
  });

  it('stops and deletes a clone only as it was read, if the caller says so', async () => {
    const { id } = await createClone(api, wish);
    const { etag } = await reached(api, id, ClonePhase.PROVISIONING);

    assert.equal(
      await reasonOf(api.clones.stopClone({ id, etag: '1', external: undefined })),
      'ETAG_STALE',
    );
    assert.equal(await reasonOf(api.clones.stopClone({ id, etag, external: undefined })), 'ok');
  });

  it('ends a page of large clones before it outgrows a message', async () => {
    const large = { ...wish, parameters: [1, 2, 3, 4, 5, 6, 7].map(largeParameter) };
    const made: string[] = [];
    for (let n = 0; n < 4; n += 1) made.push((await createClone(api, large)).id);

    const first = await api.clones.listClones(EVERYTHING);
    const pageToken = first.nextPageToken;
    const second = await api.clones.listClones({ ...EVERYTHING, pageToken });

    const ids = [...first.clones, ...second.clones].map(({ id }) => id);
    assert.equal(first.clones.length, 3);
    assert.deepEqual(ids.slice(0, 4), made.reverse());
  });
});

type Wish = Parameters<typeof createClone>[1];

function largeParameter(n: number) {
  return { name: `p${n}`, value: 'x'.repeat(64 * 1024) };
}

const EVERYTHING = {
  ...{ owner: undefined, view: CloneView.ALL, pageSize: 0, pageToken: '', filter: '', orderBy: '' },
};

function invalidRequests(): readonly (readonly [string, Partial<Wish>, string])[] {
  const parameter = (value: string) => ({ parameters: [{ name: 'a', value }] });
  return [
    ['no owner', { owner: undefined as never }, 'owner'],
    ['a bad bot id', { botId: 'bot_x' }, 'bot_id'],
    ['a name with a trailing hyphen', { name: 'trader-' }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(41) }, 'name'],
    ['a name that is not ASCII', { name: 'händler' }, 'name'],
    ['a bad key id', { keyId: 'key' }, 'key_id'],
    ['a parameter with NUL', parameter('a\0b'), 'parameters[0].value'],
    ['a parameter that is too large', parameter('x'.repeat(65_537)), 'parameters[0].value'],
    ['parameters that are too large together', { parameters: many() }, 'parameters'],
    [
      'too little memory',
      {
        limits: {
          runTime: undefined,
          memoryBytes: 1n,
          grace: undefined,
          cpuMillis: 0n,
          storageBytes: 0n,
        },
      },
      'limits.memory_bytes',
    ],
    [
      'a negative run time',
      {
        limits: {
          runTime: { seconds: -1n, nanos: 0 },
          memoryBytes: 0n,
          grace: undefined,
          cpuMillis: 0n,
          storageBytes: 0n,
        },
      },
      'limits.run_time',
    ],
  ];
}

/** Parameters that are too large together. */
function many() {
  return Array.from({ length: 9 }, (_, n) => ({ name: `p${n}`, value: 'x'.repeat(65_000) }));
}

async function fieldsOf(call: Promise<unknown>): Promise<readonly string[]> {
  try {
    await call;
  } catch (thrown) {
    if (!(thrown instanceof RemoteError)) throw thrown;
    assert.equal(thrown.reason, 'REQUEST_INVALID');
    return thrown.violations.map(({ field }) => field).sort();
  }
  return assert.fail('it was accepted');
}

async function remove(api: Api, clone: Clone | undefined): Promise<void> {
  const id = clone?.id ?? assert.fail('no clone to remove');
  await api.clones.deleteClone({ id, etag: '' });
  await reached(api, id, ClonePhase.DELETED);
}

async function removeAll(api: Api): Promise<void> {
  const { clones } = await api.clones.listClones({ ...EVERYTHING, view: CloneView.ACTIVE });
  await Promise.all(clones.map((clone) => remove(api, clone)));
}
