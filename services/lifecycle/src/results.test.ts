// Goal: what a workload leaves is there for those who may see it, whole or in parts, for as long as
// it is kept; and nothing else is.
// Method: real lifecycle, teams and keys, real sockets, the disk; the test is the runner.

import assert from 'node:assert/strict';
import { readdir, readlink } from 'node:fs/promises';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  type CreateCloneRequest,
  CreateTemplateRequest,
  Input,
  ResultKind,
} from '@ramet/proto-gen/lifecycle.v1';
import type { RemoteError } from '@ramet/rpc';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { type Left, leave, listed, partsOf, read } from './testing/results.js';
import {
  executionOf,
  exit,
  got,
  QUIET_END,
  reached,
  reasonOf,
  start,
  until,
} from './testing/steps.js';

const MIB = 1024 * 1024;

describe('results', () => {
  let house: House;
  let crew: Crew;
  let api: Api;

  before(async () => {
    house = await openHouse({ resultsMaxBytes: 4 * MIB });
    crew = await house.createCrew('results');
    api = house.as(crew.owner.token);
  });
  after(() => house[Symbol.asyncDispose]());

  async function running(more: Partial<CreateCloneRequest> = {}, by: Api = api): Promise<Clone> {
    const wish = { botId: crew.bot.id, owner: ownerOf(crew.owner.id), ...more };
    const { id } = await createClone(by, wish);
    return start(house, by, id);
  }

  /** A template whose one stage fetches what its clones read. */
  async function fetchingTemplate(): Promise<string> {
    const { template } = await api.templates.createTemplate(
      CreateTemplateRequest.fromPartial({
        owner: ownerOf(crew.owner.id),
        name: 'fetching',
        kind: CloneKind.WORKFLOW,
        spec: { stages: [{ name: 'configure', work: { $case: 'fetchInputs', value: {} } }] },
      }),
    );
    return template?.id ?? assert.fail('no template came back');
  }

  const blobsOf = async ({ id }: Clone): Promise<readonly string[]> => {
    return readdir(`${house.blobsDir}/results/${id}`).catch(() => []);
  };

  it('come in order, of any name, while the clone runs, and can be read whole', async () => {
    const clone = await running();
    const names = ['out.csv', 'deep/er/é\u{1f600}', 'line\r\nfeed "and" \'quotes\'', 'empty', '-'];
    for (const name of names) {
      await leave(house, clone, { name, bytes: name === 'empty' ? '' : `bytes of ${name}` });
    }
    const log = { name: 'log', bytes: 'printed', header: { kind: ResultKind.LOG } };
    await leave(house, clone, log);

    const all = await listed(api, clone.id, 2);
    assert.deepEqual(
      all.map(({ index, name }) => [index, name]),
      [...names.map((name) => `main/${name}`), 'main/1.log'].map((name, n) => [n, name]),
    );
    assert.deepEqual(
      all.map(({ kind }) => kind),
      [...names.map(() => ResultKind.OUTPUT), ResultKind.LOG],
    );
    for (const [n, name] of names.entries()) {
      const bytes = name === 'empty' ? '' : `bytes of ${name}`;
      assert.equal((await read(api, clone.id, n)).bytes.toString(), bytes);
      assert.equal((await read(api, clone.id, `main/${name}`)).result.index, n);
    }
    const [first] = all;
    assert.ok(first?.createTime && first.expireTime);
    assert.equal(first.expireTime.getTime() - first.createTime.getTime(), 30 * 24 * 3_600_000);
    assert.deepEqual(
      [first.mediaType, first.stage, first.executionId, first.expired],
      ['text/csv', 'main', executionOf(clone).executionId, false],
    );
  });

  it('can be read in parts, up to their last byte and not beyond', async () => {
    const clone = await running();
    const bytes = Buffer.alloc(MIB + 1, 'abcdefghijklm');
    await leave(house, clone, { name: 'large', bytes });
    const end = BigInt(bytes.length);

    const whole = await read(api, clone.id, 0);
    assert.ok(whole.bytes.equals(bytes) && whole.pieces > 4);
    const part = async (offset: bigint, length: bigint): Promise<Buffer> =>
      (await read(api, clone.id, 0, { offset, length })).bytes;
    assert.deepEqual(await part(0n, 1n), bytes.subarray(0, 1));
    assert.deepEqual(await part(1n, 5n), bytes.subarray(1, 6));
    assert.deepEqual(await part(end - 1n, 0n), bytes.subarray(-1));
    assert.deepEqual(await part(end - 1n, 2n), bytes.subarray(-1));
    assert.equal((await part(end, 0n)).length, 0);
    assert.equal(await reasonOf(part(end + 1n, 0n)), 'RANGE_INVALID');
    assert.equal(await reasonOf(read(api, clone.id, 1)), 'RESULT_NOT_FOUND');
    assert.equal(await reasonOf(read(api, clone.id, 2 ** 32 - 1)), 'RESULT_NOT_FOUND');
    assert.equal(await reasonOf(read(api, clone.id, 'large')), 'RESULT_NOT_FOUND');
  });

  it('that are left again stay if they are the same, and are replaced if not', async () => {
    const clone = await running();
    const first = await leave(house, clone, { name: 'a', bytes: 'one' });
    const [blob] = await blobsOf(clone);
    assert.deepEqual(await leave(house, clone, { name: 'a', bytes: 'one' }), first);
    assert.deepEqual(await blobsOf(clone), [blob]);

    const second = await leave(house, clone, { name: 'a', bytes: 'two' });
    assert.equal(second.index, 0);
    assert.equal((await read(api, clone.id, 0)).bytes.toString(), 'two');
    assert.equal((await blobsOf(clone)).length, 1);
    assert.notDeepEqual(await blobsOf(clone), [blob]);
    assert.equal((await leave(house, clone, { name: 'b' })).index, 1);
  });

  it('that are not what was announced leave nothing', async () => {
    const clone = await running();
    const rows: readonly (readonly [Left, string])[] = [
      [{ name: 'a', bytes: 'x', header: { sizeBytes: 2n } }, 'header.size_bytes'],
      [{ name: 'a', bytes: 'xyz', header: { sizeBytes: 2n } }, 'header.size_bytes'],
      [{ name: 'a', bytes: 'x', header: { sha256: Buffer.alloc(32) } }, 'header.sha256'],
      [{ name: '../a', bytes: 'x' }, 'header.name'],
      [{ name: 'a//b', bytes: 'x' }, 'header.name'],
      [{ name: '7.log', bytes: 'x' }, 'header.name'],
      [{ name: 'a\0', bytes: 'x' }, 'header.name'],
    ];
    for (const [left, field] of rows) {
      await assert.rejects(leave(house, clone, left), ({ violations }: RemoteError) => {
        assert.equal(violations[0]?.field, field);
        return true;
      });
    }
    const { reports } = await house.asRunner(clone);
    const nothing = reports.uploadResult((async function* () {})());
    assert.equal(await reasonOf(nothing), 'REQUEST_INVALID');
    assert.deepEqual(await listed(api, clone.id), []);
    assert.deepEqual(await blobsOf(clone), []);
    assert.equal((await leave(house, clone, { name: 'a', bytes: 'x' })).index, 0);
  });

  it('that break off leave nothing', async () => {
    const clone = await running();
    const { reports } = await house.asRunner(clone);
    const stop = new AbortController();
    const parts = (async function* () {
      const [header] = await first(partsOf(clone, { name: 'a', bytes: Buffer.alloc(MIB) }), 1);
      if (header) yield header;
      yield { part: { $case: 'data', value: Buffer.alloc(1_000) } } as const;
      await until(async () => (await readdir(`${house.blobsDir}/.incoming`)).length > 0);
      stop.abort();
    })();
    await assert.rejects(reports.uploadResult(parts, { signal: stop.signal }));
    await until(async () => (await files(house)).every((name) => !name.includes(clone.id)));
    assert.deepEqual(await listed(api, clone.id), []);
  });

  it('that come at once are dense, and one of a name wins as a whole', async () => {
    const clone = await running();
    const names = Array.from({ length: 12 }, (_, n) => `file-${n % 8}`);
    await Promise.all(names.map((name, n) => leave(house, clone, { name, bytes: `of ${n}` })));

    const all = await listed(api, clone.id);
    assert.deepEqual(
      all.map(({ index }) => index),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
    for (const { index, sizeBytes } of all) {
      const { bytes } = await read(api, clone.id, index);
      assert.equal(BigInt(bytes.length), sizeBytes);
      assert.match(bytes.toString(), /^of \d+$/);
    }
    await until(async () => (await blobsOf(clone)).length === 8);
  });

  it('of a clone take no more than they may, and what is replaced makes room', async () => {
    const clone = await running();
    await leave(house, clone, { name: 'a', bytes: Buffer.alloc(3 * MIB) });
    const tooMuch = leave(house, clone, { name: 'b', bytes: Buffer.alloc(MIB + 1) });
    assert.equal(await reasonOf(tooMuch), 'RESULTS_TOO_LARGE');
    await leave(house, clone, { name: 'b', bytes: Buffer.alloc(MIB) });
    await leave(house, clone, { name: 'a', bytes: Buffer.alloc(3 * MIB, 1) });
    assert.equal(
      await reasonOf(leave(house, clone, { name: 'c', bytes: '1' })),
      'RESULTS_TOO_LARGE',
    );
    await leave(house, clone, { name: 'empty' });
  });

  it('of an execution may come after its end, but not after the next run has begun', async () => {
    const clone = await running();
    const { reports } = await house.asRunner(clone);
    await reports.completeCloneExecution({
      ...executionOf(clone),
      ...QUIET_END,
      report: undefined,
    });
    exit(house, clone, { exitCode: 0 });
    await reached(api, clone.id, ClonePhase.COMPLETED);
    await leave(house, clone, { name: 'late', bytes: 'late' });

    await api.clones.restartClone({ id: clone.id, etag: '', requestId: '', resume: true });
    await until(async () => (await got(api, clone.id)).epoch === 2);
    await until(() => house.executor.workloads.size > 0);
    assert.equal(await reasonOf(leave(house, clone, { name: 'late', bytes: 'x' })), 'EPOCH_STALE');
    assert.equal((await read(api, clone.id, 0)).bytes.toString(), 'late');
  });

  it('are nobody else’s to leave', async () => {
    const clone = await running();
    const other = await running();
    const { reports } = await house.asRunner(other);
    const foreign = reports.uploadResult(partsOf(clone, { name: 'a', bytes: 'x' }));
    assert.equal(await reasonOf(foreign), 'EXECUTION_NOT_FOUND');
    const epoch = { ...executionOf(clone), epoch: 9 };
    const stale = leave(house, clone, { name: 'a', header: epoch });
    assert.equal(await reasonOf(stale), 'EPOCH_STALE');
    const user = api.reports.uploadResult(partsOf(clone, { name: 'a', bytes: 'x' }));
    assert.equal(await reasonOf(user), 'PERMISSION_DENIED');
  });

  it('are seen by who sees the clone, and private ones by its creator alone', async () => {
    const admin = house.as(crew.admin.token);
    const member = house.as(crew.member.token);
    const root = house.as((await house.teams.admin()).token);
    const stranger = house.as((await house.teams.createUser('nobody')).token);
    const owner = ownerOf(crew.team.id);
    const open = await running({ owner }, admin);
    const closed = await running({ owner, privateResults: true }, admin);
    for (const clone of [open, closed]) await leave(house, clone, { name: 'a', bytes: 'x' });

    const rows: readonly (readonly [Api, string, string])[] = [
      [admin, 'ok', 'ok'],
      [member, 'CLONE_NOT_FOUND', 'CLONE_NOT_FOUND'],
      [api, 'ok', 'CLONE_NOT_FOUND'],
      [root, 'ok', 'CLONE_NOT_FOUND'],
      [stranger, 'CLONE_NOT_FOUND', 'CLONE_NOT_FOUND'],
    ];
    for (const [by, ofOpen, ofClosed] of rows) {
      for (const [{ id }, verdict] of [[open, ofOpen] as const, [closed, ofClosed] as const]) {
        assert.equal(await reasonOf(listed(by, id)), verdict);
        assert.equal(await reasonOf(read(by, id, 0)), verdict);
      }
    }
  });

  it('are gone with their clone', async () => {
    const clone = await running();
    await leave(house, clone, { name: 'a', bytes: 'x' });
    await api.clones.deleteClone({ id: clone.id, etag: '' });
    assert.equal(await reasonOf(leave(house, clone, { name: 'b', bytes: 'x' })), 'EPOCH_STALE');
    await reached(api, clone.id, ClonePhase.DELETED);
    assert.deepEqual(await listed(api, clone.id), []);
    assert.equal(await reasonOf(read(api, clone.id, 0)), 'RESULT_NOT_FOUND');
  });

  it('are inputs of other clones of their owner, if these say so, and private ones stay so', async () => {
    const from = await running();
    const closed = await running({ privateResults: true });
    for (const clone of [from, closed]) {
      await leave(house, clone, { name: 'data.csv', bytes: `of ${clone.id}` });
    }
    const inputs = [
      inputOf('mine', from.id, 'main/data.csv'),
      inputOf('private', closed.id, 'main/data.csv'),
      inputOf('absent', from.id, 'main/other.csv'),
    ];
    const reader = await running({ templateId: await fetchingTemplate(), inputs, botId: '' });
    const runner = await house.asRunner(reader);
    const fetched = (name: string): Promise<string> =>
      textOf(runner.reports.fetchInput({ ...executionOf(reader), name }));

    assert.equal(await fetched('mine'), `of ${from.id}`);
    assert.equal(await fetched('private'), `of ${closed.id}`);
    for (const name of ['absent', 'undeclared']) {
      assert.equal(await reasonOf(fetched(name)), 'RESULT_NOT_FOUND', name);
    }
    const other = await house.asRunner(from);
    const asked = other.reports.fetchInput({ ...executionOf(reader), name: 'mine' });
    assert.equal(await reasonOf(textOf(asked)), 'EXECUTION_NOT_FOUND');

    await api.clones.deleteClone({ id: from.id, etag: '' });
    await reached(api, from.id, ClonePhase.DELETED);
    assert.equal(await reasonOf(fetched('mine')), 'RESULT_NOT_FOUND');
  });

  it('that nobody reads to their end keep no file open', async () => {
    const clone = await running();
    await leave(house, clone, { name: 'large', bytes: Buffer.alloc(3 * MIB) });
    const stop = new AbortController();
    const wish = { cloneId: clone.id, which: { $case: 'index', value: 0 }, offset: 0n, length: 0n };
    const stream = api.results.getResult(wish as never, { signal: stop.signal });
    await assert.rejects(async () => {
      for await (const { part } of stream) if (part?.$case === 'data') stop.abort();
    });
    const [blob = ''] = await blobsOf(clone);
    await until(async () => (await openFiles()).every((path) => !path.endsWith(blob)));
  });
});

async function first<Item>(items: AsyncIterable<Item>, count: number): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length === count) break;
  }
  return found;
}

function files({ blobsDir }: House): Promise<readonly string[]> {
  return readdir(blobsDir, { recursive: true });
}

/** What this process has open: the service runs in it. */
async function openFiles(): Promise<readonly string[]> {
  const links = await readdir('/proc/self/fd');
  return Promise.all(links.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
}

function inputOf(name: string, cloneId: string, result: string): Input {
  const value = { cloneId, name: result };
  return Input.fromPartial({ name, source: { $case: 'result', value } });
}

async function textOf(pieces: AsyncIterable<{ readonly data: Buffer }>): Promise<string> {
  const all: Buffer[] = [];
  for await (const { data } of pieces) all.push(data);
  return Buffer.concat(all).toString();
}
