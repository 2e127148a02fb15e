// Goal: policy does to clones what it says, when it says, and no one but who may can put it off.
// Method: real lifecycle and teams; the clock of their database is moved on, and nobody waits.

import assert from 'node:assert/strict';
import { ExitKind } from '@ramet/proto-gen/executor.v1';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  ExtendCloneRequest,
  OutcomeKind,
  Policy,
} from '@ramet/proto-gen/lifecycle.v1';
import { type DatabaseClock, databaseClock } from './testing/database-clock.js';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { executionOf, exit, got, QUIET_END, reached, reasonOf } from './testing/steps.js';
import { createTemplate, doingsOf, historyOf, pastOf, ran, stage, up } from './testing/stories.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ONCE = { maxExecutions: 1, on: [], backoff: undefined, maxBackoff: undefined };
const TRIAL = {
  expireAfter: lasting(HOUR),
  expiryGrace: lasting(HOUR),
  extendUpTo: lasting(3 * HOUR),
};

describe('policy', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let root: Api;
  let clock: DatabaseClock;
  let templates = 0;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('policies');
    api = house.as(crew.owner.token);
    root = house.as((await house.teams.admin()).token);
    clock = databaseClock(house);
  });
  after(() => house[Symbol.asyncDispose]());

  /** A clone of a template with a policy, accepted. */
  async function create(
    policy: Wish,
    own?: Wish,
    kind: CloneKind = CloneKind.INSTANCE,
  ): Promise<Clone> {
    templates += 1;
    const spec = {
      stages: [stage('main', { retry: ONCE })],
      limits: { grace: lasting(0) },
      policy,
    };
    const wish = { ownerId: crew.owner.id, name: `t${templates}`, kind, spec };
    const { id: templateId } = await createTemplate(api, wish);
    const owner = ownerOf(crew.owner.id);
    const asked = { botId: '', owner, templateId };
    return createClone(api, { ...asked, ...(own && { policy: Policy.fromPartial(own) }) });
  }

  async function running(policy: Wish, own?: Wish): Promise<Clone> {
    const { id } = await create(policy, own);
    return up(house, api, id, 'main');
  }

  async function failed(policy: Wish): Promise<Clone> {
    const clone = await running(policy);
    exit(house, clone, { exitCode: 1 });
    return reached(api, clone.id, ClonePhase.FAILED);
  }

  async function extend(clone: Clone, ms: number, reason = 'a demo'): Promise<Clone> {
    const asked = { id: clone.id, by: lasting(ms), reason };
    const told = await api.clones.extendClone(ExtendCloneRequest.fromPartial(asked));
    return told.clone ?? assert.fail('no clone came back');
  }

  async function expire(clone: Clone, expireTime: Date | undefined): Promise<Clone> {
    const asked = { id: clone.id, etag: '', reason: 'as agreed', expireTime };
    const told = await root.admin.setCloneExpiry(asked);
    return told.clone ?? assert.fail('no clone came back');
  }

  const restart = ({ id }: Clone) =>
    api.clones.restartClone({ id, etag: '', requestId: '', resume: true });

  it('suspends what runs when its time is over, and deletes it after its grace; also what has ended', async () => {
    const clone = await running(TRIAL);
    const over = await failed(TRIAL);
    assert.equal(between(clone.createTime, clone.expireTime), HOUR);

    await clock.moveOn(HOUR - MINUTE);
    assert.equal((await got(api, clone.id)).phase, ClonePhase.RUNNING);
    await clock.moveOn(MINUTE);

    const suspended = await reached(api, clone.id, ClonePhase.SUSPENDED);
    assert.deepEqual([suspended.reason, conditionsOf(suspended)], ['EXPIRED', ['EXPIRED']]);
    assert.equal(between(suspended.expireTime, suspended.deleteDueTime), HOUR);
    const ended = await got(api, over.id);
    assert.deepEqual([ended.phase, ended.reason], [ClonePhase.FAILED, 'EXIT_CODE']);
    assert.equal(between(ended.expireTime, ended.deleteDueTime), HOUR);
    const resume = api.clones.resumeClone({ id: clone.id, etag: '' });
    assert.deepEqual(await Promise.all([resume, restart(over)].map(reasonOf)), [
      'CLONE_EXPIRED',
      'CLONE_EXPIRED',
    ]);

    await clock.moveOn(HOUR);
    for (const { id } of [clone, over]) {
      await reached(api, id, ClonePhase.DELETED);
      const told = (await historyOf(api, id)).filter(({ cause }) => cause === 'expired');
      assert.deepEqual(
        told.map(({ kind, actor }) => [kind, actor]),
        [
          ['clone.expired', 'service:lifecycle'],
          ['clone.delete_requested', 'service:lifecycle'],
        ],
      );
    }
    assert.deepEqual(await pastOf(api, clone.id), ['1 main STOPPED']);
  });

  it('takes an expiry in the past for one that has just come, counted from what it says', async () => {
    const clone = await running(TRIAL);
    const past = new Date((clone.createTime?.getTime() ?? 0) - 30 * MINUTE);
    await expire(clone, past);
    const { expireTime, deleteDueTime } = await reached(api, clone.id, ClonePhase.SUSPENDED);
    assert.deepEqual([expireTime, between(expireTime, deleteDueTime)], [past, HOUR]);

    const older = await running(TRIAL);
    await expire(older, new Date(past.getTime() - HOUR));
    await reached(api, older.id, ClonePhase.DELETED);
  });

  it('lets an owner put off an expiry with a reason, as far as the template lets them', async () => {
    const clone = await running(TRIAL);
    const longer = await extend(clone, HOUR);
    assert.equal(between(clone.createTime, longer.expireTime), 2 * HOUR);
    const told = (await historyOf(api, clone.id)).filter(({ cause }) => cause === 'a demo');
    assert.deepEqual(
      told.map(({ kind, actor }) => [kind, actor]),
      [['clone.expiry_changed', `user:${crew.owner.id}`]],
    );

    await extend(clone, HOUR);
    const longest = await got(api, clone.id);
    assert.equal(between(clone.createTime, longest.expireTime), 3 * HOUR);
    assert.equal(await reasonOf(extend(clone, 1_000)), 'EXTENSION_DENIED');
    assert.equal(await reasonOf(extend(clone, 1_000, '')), 'REQUEST_INVALID');
    assert.deepEqual(await got(api, clone.id), longest);

    const { extendUpTo: _, ...short } = TRIAL;
    assert.equal(await reasonOf(extend(await running(short), 1_000)), 'EXTENSION_DENIED');
    assert.equal(await reasonOf(extend(await running({}), 1_000)), 'CLONE_PHASE_CONFLICT');
  });

  it('has what expired run again when its owner extends it, counted from now, or an administrator', async () => {
    const extended = await running(TRIAL);
    const renewed = await running(TRIAL);
    const paused = await running(TRIAL);
    await api.clones.suspendClone({ id: paused.id, etag: '' });
    await reached(api, paused.id, ClonePhase.SUSPENDED);
    await clock.moveOn(HOUR + 30 * MINUTE);
    for (const { id } of [extended, renewed]) await reached(api, id, ClonePhase.SUSPENDED);

    const after = await extend(extended, HOUR);
    assert.ok(between(extended.createTime, after.expireTime) >= 2 * HOUR + 30 * MINUTE);
    const far = new Date((renewed.createTime?.getTime() ?? 0) + 400 * DAY);
    await expire(renewed, far);
    for (const { id } of [extended, renewed]) {
      const clone = await up(house, api, id, 'main');
      assert.deepEqual([clone.epoch, clone.deleteDueTime], [2, undefined]);
      assert.ok(!conditionsOf(clone).includes('EXPIRED'));
    }
    assert.deepEqual((await got(api, renewed.id)).expireTime, far);
    assert.deepEqual(await doingsOf(api, renewed.id), [
      'clones.create SUCCEEDED',
      'clones.set_expiry SUCCEEDED',
    ]);

    // What its owner had suspended stays so, and may be resumed again.
    assert.deepEqual(conditionsOf(await got(api, paused.id)), ['EXPIRED']);
    const { phase, conditions } = await expire(paused, undefined);
    assert.deepEqual([phase, conditions], [ClonePhase.SUSPENDED, []]);
    await api.clones.resumeClone({ id: paused.id, etag: '' });
    await up(house, api, paused.id, 'main');
  });

  it('tells a duration that is absent from one that is zero', async () => {
    const { expiryGrace: _, ...careless } = TRIAL;
    const spared = await running(careless);
    const ended = await running({ ...TRIAL, expiryGrace: lasting(0) });
    const hasty = await running(TRIAL, { expiryGrace: lasting(0) });
    const endless = await running({}, { expiryGrace: lasting(0) });
    assert.equal(endless.expireTime, undefined);
    for (const wish of ['expireAfter', 'extendUpTo', 'idleAfter', 'archiveRetention'] as const) {
      assert.equal(await reasonOf(create({}, { [wish]: lasting(0) })), 'REQUEST_INVALID', wish);
    }

    await clock.moveOn(HOUR + MINUTE);
    for (const { id } of [ended, hasty]) await reached(api, id, ClonePhase.DELETED);
    const { expireTime, deleteDueTime } = await reached(api, spared.id, ClonePhase.SUSPENDED);
    assert.equal(between(expireTime, deleteDueTime), 14 * DAY);
    assert.equal((await got(api, endless.id)).phase, ClonePhase.RUNNING);
  });

  it('is TIMED_OUT of a run that took too long, whatever its workload said and however it ended', async () => {
    const { id } = await create({}, undefined, CloneKind.WORKFLOW);
    const clone = await ran(house, api, id, 'main');
    const { reports } = await house.asRunner(clone);
    const report = { success: true, message: 'done', metrics: [] };
    await reports.completeCloneExecution({ ...QUIET_END, ...executionOf(clone), report });
    exit(house, clone, { kind: ExitKind.TIMED_OUT, exitCode: 0 });

    const { reason, execution, stages } = await reached(api, id, ClonePhase.FAILED);
    assert.deepEqual([reason, execution?.outcome?.kind], ['TIMED_OUT', OutcomeKind.TIMED_OUT]);
    assert.equal(stages[0]?.outcome?.kind, OutcomeKind.TIMED_OUT);
    assert.deepEqual(await pastOf(api, id), ['1 main TIMED_OUT']);
    assert.deepEqual(await doingsOf(api, id), ['clones.create FAILED']);
  });
});

type Wish = Parameters<typeof Policy.fromPartial>[0];

function lasting(ms: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(ms / 1_000), nanos: 0 };
}

function between(from: Date | undefined, to: Date | undefined): number {
  return from && to ? to.getTime() - from.getTime() : assert.fail('a time is missing');
}

function conditionsOf({ conditions }: Clone): readonly string[] {
  return conditions.map(({ type }) => type).sort();
}
