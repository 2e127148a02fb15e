// Goal: wherever lifecycle breaks off, a clone ends in the same place, with nothing twice.
// Method: every failpoint of the code, found by reading it, fails once while a clone lives its life.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WorkloadState } from '@ramet/proto-gen/executor.v1';
import { ClonePhase, CreateWebhookRequest } from '@ramet/proto-gen/lifecycle.v1';
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
import { type Receiver, startReceiver } from './testing/receiver.js';
import { leave } from './testing/results.js';
import {
  claim,
  executionOf,
  exit,
  isFree,
  QUIET_END,
  reached,
  reasonOf,
  until,
  used,
} from './testing/steps.js';

const SOURCES = fileURLToPath(new URL('../src/', import.meta.url));
const POINTS = [...pointsIn(SOURCES)].sort();

describe('a life that is broken off', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let receiver: Receiver;
  let armed = '';
  let attempts = 0;
  const visited = new Set<string>();

  before(async () => {
    const hit = (name: string): void => {
      if (name !== armed) return;
      armed = '';
      visited.add(name);
      throw new Error(`broken off at ${name}`);
    };
    house = await openHouse({ failpoints: { hit } });
    crew = await house.createCrew('failpoints');
    api = house.as(crew.owner.token);
    receiver = await startReceiver();
    const empty = CreateWebhookRequest.decode(new Uint8Array());
    const { url } = receiver;
    await api.webhooks.createWebhook({ ...empty, owner: ownerOf(crew.owner.id), name: 'all', url });
  });
  after(async () => {
    await house[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  for (const point of POINTS) {
    it(`at ${point} ends as it would have`, async () => {
      attempts += 1;
      const keyId = await createKey(api, crew.owner.id, `key-${attempts}`);
      const calls = house.executor.calls.length;
      armed = point;

      const id = await completeAndDelete(keyId, `life-${attempts}`);
      let lives = 1;
      for (const beside of [stopAndDelete, denyOwner]) {
        if (armed !== point) break;
        await beside(keyId, `beside-${attempts}-${lives}`);
        lives += 1;
      }

      assert.ok(visited.has(point), 'the failpoint was never reached');
      await until(() => phasesTold(id).at(-1) === 'DELETED');
      assert.deepEqual(
        phasesTold(id),
        [...new Set(phasesTold(id))],
        'told in order, once in effect',
      );
      assert.equal(phasesTold(id)[0], 'ACCEPTED');
      assert.equal(await isFree(api, keyId), true);
      assert.equal(await used(api, crew.owner.id), 0);
      const mine = house.executor.calls.slice(calls).filter((call) => call.startsWith('Create'));
      const workloads = [...house.executor.workloads.values()];
      assert.ok(new Set(mine).size <= lives, 'a workload was made twice');
      assert.ok(workloads.some(({ cloneId }) => cloneId === id));
      assert.ok(workloads.every(({ state }) => state === WorkloadState.REMOVED));
    });
  }

  it('was tried at every failpoint', () => {
    assert.deepEqual([...visited].sort(), POINTS);
  });

  /** What the receiver was told of a clone, in the order in which it first was. */
  function phasesTold(cloneId: string): readonly string[] {
    return receiver.effects
      .filter(({ event }) => event.data.clone_id === cloneId)
      .map(({ event }) => event.data.phase_after);
  }

  async function completeAndDelete(keyId: string, requestId: string): Promise<string> {
    const { id } = await again(() =>
      createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id), keyId, requestId }),
    );
    const clone = await reached(api, id, ClonePhase.PROVISIONING);
    const { executionId } = executionOf(clone);
    await until(() => house.executor.workloads.has(executionId));
    house.executor.run(executionId);
    await again(() => claim(house, clone));
    await reached(api, id, ClonePhase.RUNNING);
    await again(() => leave(house, clone, { name: 'out.csv', bytes: '1,2' }));
    const { reports } = await house.asRunner(clone);
    const report = { success: true, message: '', metrics: [] };
    await again(() =>
      reports.completeCloneExecution({ ...QUIET_END, ...executionOf(clone), report }),
    );
    exit(house, clone, { exitCode: 0 });
    await reached(api, id, ClonePhase.COMPLETED);
    await again(() => api.clones.getCloneExecutionInformation({ cloneId: id, executionId: '' }));
    await again(() => api.clones.deleteClone({ id, etag: '' }));
    await reached(api, id, ClonePhase.DELETED);
    return id;
  }

  async function stopAndDelete(keyId: string, requestId: string): Promise<void> {
    const id = await createRunning(keyId, requestId);
    await again(() => api.clones.stopClone({ id, etag: '', external: undefined }));
    await reached(api, id, ClonePhase.STOPPED);
    await again(() => api.clones.deleteClone({ id, etag: '' }));
    await reached(api, id, ClonePhase.DELETED);
  }

  async function denyOwner(_: string, name: string): Promise<void> {
    const outcast = await house.createCrew(name);
    const theirs = house.as(outcast.owner.token);
    const owner = ownerOf(outcast.owner.id);
    const { id } = await createClone(theirs, { botId: outcast.bot.id, owner });
    const root = house.as((await house.teams.admin()).token);
    await root.standings.denyOwner({ owner, reason: 'it does not pay' });
    // Who starts reads what teams has to tell at once.
    await house.restart();
    const look = () => reasonOf(theirs.clones.getClone({ id, asOf: undefined }));
    await until(async () => (await look()) === 'ok');
    await reached(theirs, id, ClonePhase.DELETED);
  }

  async function createRunning(keyId: string, requestId: string): Promise<string> {
    const { id } = await again(() =>
      createClone(api, { botId: crew.bot.id, owner: ownerOf(crew.owner.id), keyId, requestId }),
    );
    const clone = await reached(api, id, ClonePhase.PROVISIONING);
    const { executionId } = executionOf(clone);
    await until(() => house.executor.workloads.has(executionId));
    house.executor.run(executionId);
    await again(() => claim(house, clone));
    await reached(api, id, ClonePhase.RUNNING);
    return id;
  }
});

/** Asks once more if the service broke off: every call may be repeated. */
async function again<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (thrown) {
    if (!(thrown instanceof RemoteError) || thrown.code !== 'INTERNAL') throw thrown;
    return call();
  }
}

function* pointsIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts')) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const [, name] of text.matchAll(/failpoints\.hit\('([\w.]+)'\)/g)) yield name ?? '';
  }
}
