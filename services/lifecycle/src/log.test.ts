// Goal: what people did to a clone is told for good, with what came of it, and no secret with it.
// Method: real lifecycle and teams on a real database, all tables of which are searched; the executor and
// its runners are played.

import assert from 'node:assert/strict';
import { type Database, openDatabase } from '@ramet/database';
import {
  ActionOutcome,
  type Clone,
  CloneKind,
  ClonePhase,
  CreateCloneRequest,
  OverrideScope,
  UpdateCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Api, type Crew, type House, openHouse, ownerOf } from './testing/house.js';
import { executionOf, exit, QUIET_END, reached, reasonOf } from './testing/steps.js';
import {
  actionsOf,
  createOf,
  createTemplate,
  doingsOf,
  ran,
  stage,
  up,
} from './testing/stories.js';

const KIB = 1_024;
const HIDDEN = { secret: 'correct horse battery', address: 'Tr0ub4dor&3', later: 'staple' };

describe('the log of actions', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let db: Database;
  let templates = 0;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('log');
    api = house.as(crew.owner.token);
    const { databaseUrl: url } = house;
    db = await openDatabase({ url, schema: 'lifecycle', application: 'log', poolSize: 1 });
  });
  after(async () => {
    await db[Symbol.asyncDispose]();
    await house[Symbol.asyncDispose]();
  });

  const wish = (ownerId: string, names: readonly string[] = ['one', 'two']) => {
    templates += 1;
    const spec = { stages: names.map((name) => stage(name)) };
    return { ownerId, name: `t${templates}`, kind: CloneKind.WORKFLOW, spec };
  };

  const logOf = (caller: Api, id: string) => caller.actions.getActionLog({ id });

  async function print(clone: Clone, text: string | Buffer): Promise<void> {
    const { reports } = await house.asRunner(clone);
    const told = { ...QUIET_END, ...executionOf(clone), report: undefined };
    await reports.completeCloneExecution({ ...told, outputTail: Buffer.from(text as string) });
  }

  it('has what was asked for with it, and secrets nowhere', async () => {
    const { secret, address, later } = HIDDEN;
    const spec = {
      stages: [
        { name: 'fetch', work: { $case: 'fetchInputs' as const, value: {} } },
        stage('main'),
      ],
    };
    const owner = ownerOf(crew.owner.id);
    const kind = CloneKind.ENVIRONMENT;
    const template = { ownerId: crew.owner.id, name: 'secretive', kind, spec };
    const { id: templateId } = await createTemplate(api, template);
    const override = (value: string) => {
      const change = { $case: 'secretValue' as const, value };
      return { name: 'TOKEN', scope: OverrideScope.APP, change };
    };
    const url = `https://data.test/rates.csv?key=${address}`;
    const asked = CreateCloneRequest.fromPartial({
      ...{ owner, templateId, labels: { purpose: 'plainly-seen' } },
      overrides: [override(secret)],
      inputs: [{ name: 'rates', source: { $case: 'url', value: url } }],
    });
    const id = (await api.clones.createClone(asked)).clone?.id ?? '';
    exit(house, await ran(house, api, id, 'fetch'), { exitCode: 0 });
    await up(house, api, id, 'main');
    await api.clones.updateClone(
      UpdateCloneRequest.fromPartial({ id, tag: 'v2', overrides: [override(later)] }),
    );

    const [created, updated] = (await actionsOf(api, id)).map(({ parameters }) => parameters);
    assert.deepEqual(JSON.parse(created ?? ''), {
      owner: { owner: { user_id: crew.owner.id } },
      template_id: templateId,
      labels: { purpose: 'plainly-seen' },
      overrides: [
        { name: 'TOKEN', scope: OverrideScope.APP, change: { secret_value: '[hidden]' } },
      ],
      inputs: [{ name: 'rates', source: { url: '[hidden]' }, sha256: '', max_bytes: '0' }],
    });
    assert.deepEqual(JSON.parse(updated ?? '').overrides[0].change, { secret_value: '[hidden]' });

    const seen = await tablesWith(db, 'plainly-seen');
    assert.ok(['lifecycle.action', 'lifecycle.history'].every((table) => seen.includes(table)));
    for (const value of [secret, address, later]) assert.deepEqual(await tablesWith(db, value), []);
  });

  it('has how long a thing took and what came of it, and what another one took over', async () => {
    const { id } = await ran(house, api, await createOf(api, wish(crew.owner.id)), 'one');
    await reached(api, id, ClonePhase.RUNNING);
    const [open] = await actionsOf(api, id);
    assert.deepEqual([open?.outcome, open?.duration], [ActionOutcome.RUNNING, undefined]);

    house.executor.isPrompt = false;
    const { clone } = await api.clones.stopClone({ id, etag: '', external: undefined });
    await reached(api, id, ClonePhase.STOPPING);
    await api.clones.deleteClone({ id, etag: '' });
    house.executor.isPrompt = true;
    await reached(api, id, ClonePhase.DELETED);

    assert.deepEqual(await doingsOf(api, id), [
      'clones.create SUPERSEDED',
      'clones.stop SUPERSEDED',
      'clones.delete SUCCEEDED',
    ]);
    const all = await actionsOf(api, id);
    for (const [index, { startTime, endTime, duration, actor, traceId }] of all.entries()) {
      assert.ok(startTime && endTime && duration);
      const took = endTime.getTime() - startTime.getTime();
      assert.equal(Number(duration.seconds) * 1_000 + duration.nanos / 1e6, took);
      const next = all[index + 1];
      if (next) assert.deepEqual(endTime, next.startTime);
      assert.equal(actor, `user:${crew.owner.id}`);
      assert.match(traceId, /^[0-9a-f]{32}$/);
    }
    assert.deepEqual([all[0]?.seq, all[1]?.seq], [1, clone?.seq]);
  });

  it('has the end of what was printed, of each stage, and survives the clone', async () => {
    const id = await createOf(api, wish(crew.owner.id));
    const one = await ran(house, api, id, 'one');
    await print(one, 'all is well\n');
    exit(house, one, { exitCode: 0 });
    const two = await ran(house, api, id, 'two');
    await print(two, 'no such file: rates.csv\n');
    await print(two, 'no such file: rates.csv\n');
    exit(house, two, { exitCode: 2 });
    await reached(api, id, ClonePhase.FAILED);
    await api.clones.deleteClone({ id, etag: '' });
    await reached(api, id, ClonePhase.DELETED);

    assert.deepEqual(await doingsOf(api, id), ['clones.create FAILED', 'clones.delete SUCCEEDED']);
    const [created] = await actionsOf(api, id);
    assert.match(created?.message ?? '', /^FAILED: EXIT_CODE/);
    const { action, outputTail } = await logOf(api, created?.id ?? '');
    assert.deepEqual(action, created);
    const [first, second] = [one, two].map(
      (clone) => `--- ${executionOf(clone).executionId} ---\n`,
    );
    assert.equal(
      outputTail.toString(),
      `${first}all is well\n\n${second}no such file: rates.csv\n\n`,
    );
  });

  it('has no more than the last 64 KiB of it, byte by byte', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const id = await createOf(api, wish(crew.owner.id, names));
    const noise = Buffer.from(Array.from({ length: 16 * KIB }, (_, n) => n % 256));
    let printed = Buffer.alloc(0);
    for (const name of names) {
      const clone = await ran(house, api, id, name);
      await print(clone, noise);
      exit(house, clone, { exitCode: 0 });
      const head = Buffer.from(`--- ${executionOf(clone).executionId} ---\n`);
      printed = Buffer.concat([printed, head, noise, Buffer.from('\n')]);
    }
    await reached(api, id, ClonePhase.COMPLETED);

    const [created] = await actionsOf(api, id);
    const { outputTail } = await logOf(api, created?.id ?? '');
    assert.ok(outputTail.equals(printed.subarray(-64 * KIB)));
  });

  it('is told to who manages the clone, and is not there for anybody else', async () => {
    const owner = ownerOf(crew.team.id);
    const id = await createOf(api, wish(crew.team.id));
    const [created] = await actionsOf(api, id);
    const actionId = created?.id ?? '';
    const stranger = await house.teams.createUser('log-stranger');

    const callers = [crew.admin, crew.member, stranger];
    const seen = await Promise.all(
      callers.map(async ({ token }) => {
        const caller = house.as(token);
        const page = { cloneId: '', owner, pageSize: 0, pageToken: '' };
        const { actions } = await caller.actions.listActions(page);
        return [actions.map((action) => action.id), await reasonOf(logOf(caller, actionId))];
      }),
    );

    const nothing = [[], 'ACTION_NOT_FOUND'];
    assert.deepEqual(seen, [[[actionId], 'ok'], nothing, nothing]);
  });
});

/** The tables of a database that hold a text in any row: as text, or as bytes. */
async function tablesWith(db: Database, text: string): Promise<readonly string[]> {
  const tables = await db.query<{ name: string }>(`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by 1`);
  assert.ok(tables.length > 20);
  const found: string[] = [];
  const hex = Buffer.from(text).toString('hex');
  for (const { name } of tables) {
    const sql = `select 1 as hit from ${name} t
      where position($1 in t::text) > 0 or position($2 in t::text) > 0 limit 1`;
    if ((await db.query(sql, [text, hex])).length > 0) found.push(name);
  }
  return found;
}
