// Goal: an execution may sign for as long as lifecycle says that it lives.
// Method: real lifecycle, teams and keys on a real database; the executor is played on a real socket.
// Leases are moved into the past in the database of keys.

import assert from 'node:assert/strict';
import { type Database, openDatabase } from '@ramet/database';
import {
  type Clone,
  ClonePhase,
  WatchClonesRequest,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { systemIds } from '@ramet/service';
import { type Api, type Crew, createKey, type House, openHouse } from './testing/house.js';
import {
  createRunning,
  executionOf,
  exit,
  got,
  reached,
  until,
  WHOLE_PAST,
} from './testing/steps.js';

const FIRST = { pageSize: 1, pageToken: '' };

describe('the grant of an execution', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let keys: Database;

  before(async () => {
    house = await openHouse({ renewMs: 100 });
    crew = await house.createCrew('leases');
    api = house.as(crew.owner.token);
    keys = await openDatabase({ url: house.databaseUrl, schema: 'keys', application: 'test' });
  });

  after(async () => {
    await keys?.[Symbol.asyncDispose]();
    await house[Symbol.asyncDispose]();
  });

  it('is renewed while the execution lives, and also when lifecycle was away for long', async () => {
    const clone = await running();
    await expire(clone);

    await until(() => isLive(clone));
  });

  it('is not renewed once the execution is over', async () => {
    const over = await running();
    const alive = await running();
    exit(house, over, { exitCode: 0 });
    await reached(api, over.id, ClonePhase.COMPLETED);
    // As if its revocation had been lost.
    await keys.query('update key_grant set revoked_at = null where clone_id = $1', [over.id]);
    await expire(over);
    await expire(alive);

    await until(() => isLive(alive));
    await expire(alive);
    await until(() => isLive(alive));

    assert.equal(await isLive(over), false);
    await keys.query('update key_grant set revoked_at = created_at where clone_id = $1', [over.id]);
  });

  it('that may not be signed with any more is a condition of the clone, until it is over', async () => {
    const revoked = await running();
    const disabled = await running();
    const [grant] = (await api.keys.listGrants({ keyId: revoked.keyId, ...FIRST })).grants;
    await api.keys.revokeGrant({ grantId: grant?.id ?? '', executionId: '', reason: 'it loses' });
    await api.keys.disableKey({ id: disabled.keyId, etag: '' });

    await until(async () => (await conditionsOf(revoked)).length === 1);
    await until(async () => (await conditionsOf(disabled)).length === 1);
    const owner = `by user:${crew.owner.id}`;
    const [said = ''] = await conditionsOf(revoked);
    assert.match(
      said,
      new RegExp(`^GRANT_REVOKED: .*${grant?.id}, since 20.*${owner}.*: it loses$`),
    );
    const [off = ''] = await conditionsOf(disabled);
    assert.match(off, new RegExp(`^KEY_DISABLED: .*${disabled.keyId}, since 20.*${owner}`));

    await api.keys.enableKey({ id: disabled.keyId, etag: '' });
    await until(async () => (await conditionsOf(disabled)).length === 0);
    const { entries } = await api.clones.listCloneHistory({
      ...{ cloneId: disabled.id, pageSize: 0, pageToken: '', ...WHOLE_PAST },
    });
    const kinds = entries.map(({ kind }) => kind).filter((kind) => kind.includes('signing'));
    assert.deepEqual(kinds.sort(), ['clone.signing_resumed', 'clone.signing_stopped']);
  });

  it('that ends soon is a condition of the clone, which its watchers see', async () => {
    const clone = await running();
    const call = new AbortController();
    const watch = api.clones.watchClones(WatchClonesRequest.fromPartial({}), {
      signal: call.signal,
    });
    // It is asked for with the first step: what was so before is no change.
    await watch.next();
    await lasts(clone, '10 days', '23 hours');

    const seen = await firstTold(watch, clone.id);
    call.abort();
    assert.match(seen, /^GRANT_ENDING: .*gra_\w+, at 20/);
    const { cause } = await api.clones.explainClone({ id: clone.id });
    const told = cause?.causes.find(({ code }) => code === 'GRANT_ENDING');
    assert.match(told?.unblockedBy ?? '', /RestartClone/);
  });

  it('that ends soon is no news of a clone that ends before', async () => {
    const [clone, other] = [await running(), await running()];
    // A BOT may run for a day.
    await lasts(clone, '300 hours', '29 hours');
    await lasts(other, '300 hours', '23 hours');

    await until(async () => (await conditionsOf(other)).length === 1);
    assert.deepEqual(await conditionsOf(clone), []);
  });

  async function lasts(clone: Clone, all: string, left: string): Promise<void> {
    const sql = `update key_grant set created_at = ramet_now() + $3::interval - $2::interval,
                   expires_at = ramet_now() + $3::interval where execution_id = $1`;
    await keys.query(sql, [executionOf(clone).executionId, all, left]);
  }

  async function conditionsOf({ id }: Clone): Promise<readonly string[]> {
    const { conditions } = await got(api, id);
    return conditions.map(({ type, message }) => `${type}: ${message}`);
  }

  async function running(): Promise<Clone> {
    const keyId = await createKey(api, crew.owner.id, `k${systemIds.make('x').slice(-8)}`);
    return createRunning(house, api, { botId: crew.bot.id, ownerId: crew.owner.id, keyId });
  }

  async function expire(clone: Clone): Promise<void> {
    const sql = 'update key_grant set lease_until = ramet_now() where execution_id = $1';
    await keys.query(sql, [executionOf(clone).executionId]);
  }

  async function isLive(clone: Clone): Promise<boolean> {
    const sql = 'select lease_until > ramet_now() as live from key_grant where execution_id = $1';
    const [row] = await keys.query<{ live: boolean }>(sql, [executionOf(clone).executionId]);
    return row?.live ?? false;
  }
});

/** What is told first of a clone beside its phase. */
async function firstTold(watch: AsyncIterable<WatchClonesResponse>, id: string): Promise<string> {
  for await (const { event } of watch) {
    const clone = event?.$case === 'change' ? event.value.clone : undefined;
    const [condition] = clone?.id === id ? clone.conditions : [];
    if (condition) return `${condition.type}: ${condition.message}`;
  }
  return assert.fail('the watch has ended');
}
