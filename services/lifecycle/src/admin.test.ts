// Goal: what an administrator does to a clone has a reason, shows what was before and after, and brings
// nothing back that was deleted.
// Method: real lifecycle, teams and keys on a real database; an executor that fails when it is told to.

import assert from 'node:assert/strict';
import { type Database, openDatabase } from '@ramet/database';
import { unavailable } from '@ramet/errors';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  OverrideScope,
  SetQuotaRequest,
  UpdateCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { DEADLINES } from './domain/phases.js';
import {
  type Api,
  type Crew,
  createClone,
  createKey,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { createRunning, executionOf, got, reached, reasonOf, used } from './testing/steps.js';
import { actionsOf, createTemplate, doingsOf, historyOf, stage, up } from './testing/stories.js';

const REASON = 'as the test has it';

describe('an administrator', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let root: Api;
  let rootId: string;
  let wish: { readonly botId: string; readonly ownerId: string };

  before(async () => {
    const deadlines = { ...DEADLINES, DELETING: 500, CLEANUP_FAILED: 60_000 };
    house = await openHouse({ deadlines });
    crew = await house.createCrew('admin');
    api = house.as(crew.owner.token);
    const admin = await house.teams.admin();
    root = house.as(admin.token);
    rootId = admin.id;
    wish = { botId: crew.bot.id, ownerId: crew.owner.id };
  });
  after(() => house[Symbol.asyncDispose]());
  afterEach(() => house.executor.heal());

  const rotate = (id: string, requestId = '') =>
    root.admin.rotateCloneSecrets({ id, etag: '', reason: REASON, requestId });
  const forceDelete = (id: string, reason = REASON) =>
    root.admin.forceDeleteClone({ id, etag: '', reason });
  const reassign = (id: string, ownerId: string, reason = REASON) =>
    root.admin.reassignClone({ id, etag: '', reason, owner: ownerOf(ownerId) });
  const setTraits = (id: string, traits: readonly string[], reason = REASON) =>
    root.admin.setCloneTraits({ id, etag: '', reason, traits: [...traits] });
  const setExpiry = (id: string, reason = REASON) =>
    root.admin.setCloneExpiry({ id, etag: '', reason, expireTime: undefined });

  async function deleted(): Promise<Clone> {
    const { id } = await createRunning(house, api, wish);
    await api.clones.deleteClone({ id, etag: '' });
    return reached(api, id, ClonePhase.DELETED);
  }

  it('has to say why, whatever it is', async () => {
    const { id } = await createRunning(house, api, wish);
    const clone = await got(api, id);
    const calls = [
      forceDelete(id, ''),
      setExpiry(id, ''),
      reassign(id, crew.member.id, ''),
      root.admin.rotateCloneSecrets({ id, etag: '', reason: '', requestId: '' }),
      setTraits(id, ['internal'], ''),
      root.admin.setQuota(SetQuotaRequest.fromPartial({ kind: CloneKind.BOT, resource: 'clones' })),
    ];
    const reasons = await Promise.all(calls.map(reasonOf));
    assert.deepEqual(new Set(reasons), new Set(['REQUEST_INVALID']));
    assert.deepEqual(await got(api, id), clone);
  });

  it('is told in the log and in the history, with what was before and after', async () => {
    const { id, seq } = await createRunning(house, api, wish);
    await setTraits(id, ['internal', 'noisy']);
    await setTraits(id, ['internal', 'noisy']);
    await setTraits(id, []);

    const told = (await actionsOf(api, id)).slice(1);
    assert.deepEqual(
      told.map(({ name, actor, reason, parameters }) => [name, actor, reason, parameters]),
      [['internal', 'noisy'], []].map((traits) => {
        return ['clones.set_traits', `user:${rootId}`, REASON, JSON.stringify({ traits })];
      }),
    );
    const entries = (await historyOf(api, id)).filter(({ kind }) => kind === 'clone.traits_set');
    assert.deepEqual(
      entries.map(({ actor, cause, clone }) => [actor, cause, clone?.traits]),
      [['internal', 'noisy'], []].map((traits) => [`user:${rootId}`, REASON, traits]),
    );
    const moment = (value: number) => ({ moment: { $case: 'seq' as const, value } });
    const at = told[0]?.seq ?? assert.fail('no action');
    assert.ok(at > seq);
    const { diffs } = await api.clones.diffClone({ id, a: moment(at - 1), b: moment(at) });
    const changes = diffs.filter(({ path }) => path.startsWith('traits'));
    assert.deepEqual(
      changes.flatMap(({ a, b }) => [a, b]),
      ['', '"internal"', '', '"noisy"'],
    );
  });

  it('gives a clone to another owner with its quota, unless that has no room, its name, or a key is held', async () => {
    const next = await house.createCrew('next');
    const theirs = house.as(next.owner.token);
    const keyId = await createKey(api, crew.owner.id, 'stays');
    const keyed = await createRunning(house, api, { ...wish, keyId });
    assert.equal(await reasonOf(reassign(keyed.id, next.owner.id)), 'CLONE_PHASE_CONFLICT');

    const named = (botId: string, ownerId: string) =>
      ({ botId, owner: ownerOf(ownerId), name: 'twin' }) as const;
    const { id } = await createClone(api, named(crew.bot.id, crew.owner.id));
    const twin = await createClone(theirs, named(next.bot.id, next.owner.id));
    assert.equal(await reasonOf(reassign(id, next.owner.id)), 'NAME_TAKEN');
    await theirs.clones.deleteClone({ id: twin.id, etag: '' });
    await reached(theirs, twin.id, ClonePhase.DELETED);

    const limit = { kind: CloneKind.BOT, resource: 'clones', reason: REASON };
    const owner = ownerOf(next.owner.id);
    await root.admin.setQuota(SetQuotaRequest.fromPartial({ ...limit, owner, limit: 0n }));
    assert.equal(await reasonOf(reassign(id, next.owner.id)), 'QUOTA_EXCEEDED');
    await root.admin.setQuota(SetQuotaRequest.fromPartial({ ...limit, owner }));
    const before = await used(api, crew.owner.id);

    await reassign(id, next.owner.id);
    await reassign(id, next.owner.id);

    assert.equal(await used(api, crew.owner.id), before - 1);
    assert.equal(await used(theirs, next.owner.id), 1);
    assert.deepEqual((await got(theirs, id)).owner, owner);
    assert.equal(await reasonOf(got(api, id)), 'CLONE_NOT_FOUND');
    // It was the former owner's clone that it was done to: the log of either has what was theirs.
    assert.deepEqual(await doingsOf(api, id), [
      'clones.create RUNNING',
      'clones.reassign SUCCEEDED',
    ]);
    await theirs.clones.stopClone({ id, etag: '', external: undefined });
    assert.equal((await actionsOf(theirs, id)).at(-1)?.name, 'clones.stop');
    assert.deepEqual((await root.admin.checkQuotas({})).mismatches, []);
  });

  it('has secrets sealed anew and what runs begin a new epoch, once for a request', async () => {
    const { databaseUrl: url } = house;
    const options = { url, schema: 'lifecycle', application: 'admin', poolSize: 1 };
    await using db: Database = await openDatabase(options);
    const spec = { stages: [stage('main')] };
    const kind = CloneKind.ENVIRONMENT;
    const template = { ownerId: crew.owner.id, name: 'sealed', kind, spec };
    const { id: templateId } = await createTemplate(api, template);
    const change = { $case: 'secretValue' as const, value: 'open sesame' };
    const overrides = [{ name: 'TOKEN', scope: OverrideScope.APP, change }];
    const owner = ownerOf(crew.owner.id);
    const { id } = await createClone(api, { botId: '', owner, templateId, overrides });
    const first = await up(house, api, id, 'main');
    const sealed = async (): Promise<readonly string[]> => {
      const sql = "select encode(sealed, 'hex') as sealed from secret where subject = $1";
      return (await db.query<{ sealed: string }>(sql, [id])).map((row) => row.sealed);
    };
    const before = await sealed();
    assert.equal(before.length, 1);

    await Promise.all([rotate(id, 'leak'), rotate(id, 'leak')]);
    const second = await up(house, api, id, 'main', 2);
    await rotate(id, 'leak');
    const other = root.admin.rotateCloneSecrets({
      ...{ id, etag: '', reason: 'another', requestId: 'leak' },
    });
    assert.equal(await reasonOf(other), 'REQUEST_ID_REUSED');

    assert.deepEqual([first.epoch, second.epoch, (await got(api, id)).epoch], [1, 2, 2]);
    assert.notDeepEqual(await sealed(), before);
    const executor = house.as(await house.teams.serviceToken('executor'));
    const secretsOf = async (clone: Clone): Promise<string | undefined> => {
      const asked = { cloneId: id, ...executionOf(clone) };
      const told = await executor.directory.getExecutionSecrets(asked);
      return told.overrides[0]?.value;
    };
    assert.equal(await secretsOf(second), 'open sesame');
    assert.equal(await reasonOf(secretsOf(first)), 'EPOCH_STALE');
    assert.deepEqual(await doingsOf(api, id), [
      'clones.create SUCCEEDED',
      'clones.rotate_secrets SUCCEEDED',
    ]);

    await api.clones.stopClone({ id, etag: '', external: undefined });
    const rested = await reached(api, id, ClonePhase.STOPPED);
    await rotate(id);
    assert.equal((await got(api, id)).epoch, rested.epoch);
  });

  it('gives up by force what cannot be removed, and nothing else, with a word of what is left', async () => {
    const before = await used(api, crew.owner.id);
    const { id } = await createRunning(house, api, wish);
    assert.equal(await reasonOf(forceDelete(id)), 'CLONE_PHASE_CONFLICT');
    house.executor.ail('DeleteExecution', unavailable('host'));
    await api.clones.deleteClone({ id, etag: '' });
    await reached(api, id, ClonePhase.CLEANUP_FAILED);
    assert.equal(
      await reasonOf(api.admin.forceDeleteClone({ id, etag: '', reason: REASON })),
      'PERMISSION_DENIED',
    );

    await forceDelete(id);

    const { reason, message } = await reached(api, id, ClonePhase.DELETED);
    assert.equal(reason, 'FORCED');
    assert.match(message, /^given up: .*host is not available/);
    assert.equal(await used(api, crew.owner.id), before);
    const forced = (await actionsOf(api, id)).at(-1);
    assert.deepEqual([forced?.name, forced?.reason], ['clones.force_delete', REASON]);
    assert.deepEqual(await doingsOf(api, id), [
      'clones.create SUPERSEDED',
      'clones.delete SUPERSEDED',
      'clones.force_delete SUCCEEDED',
    ]);
    assert.equal(await reasonOf(forceDelete(id)), 'ok');
  });

  it('brings nothing back that was deleted, and neither does anybody else', async () => {
    const clone = await deleted();
    const { id } = clone;
    const asked = { id, etag: '' };
    const by = { seconds: 60n, nanos: 0 };
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      setExpiry: () => setExpiry(id),
      reassign: () => reassign(id, crew.member.id),
      rotate: () => rotate(id),
      setTraits: () => setTraits(id, ['internal']),
      restart: () => api.clones.restartClone({ ...asked, requestId: '', resume: true }),
      resume: () => api.clones.resumeClone(asked),
      restore: () => api.clones.restoreClone(asked),
      archive: () => api.clones.archiveClone(asked),
      suspend: () => api.clones.suspendClone(asked),
      extend: () => api.clones.extendClone({ ...asked, requestId: '', by, reason: REASON }),
      update: () =>
        api.clones.updateClone(
          UpdateCloneRequest.fromPartial({ id, tag: 'v2', updateMask: ['tag'] }),
        ),
      rename: () =>
        api.clones.updateClone(
          UpdateCloneRequest.fromPartial({ id, name: 'back', updateMask: ['name'] }),
        ),
    };
    for (const [name, call] of Object.entries(calls)) {
      assert.equal(await reasonOf(call()), 'CLONE_PHASE_CONFLICT', name);
    }
    assert.deepEqual(await got(api, id), clone);
  });
});
