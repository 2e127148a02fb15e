// Goal: what idles is stopped, what lies in the archive goes when its time is over, and what is
// restored lives anew.
// Method: real lifecycle and teams; the clock of their database is moved on, and nobody waits.

import assert from 'node:assert/strict';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  OutcomeKind,
  type Policy,
} from '@ramet/proto-gen/lifecycle.v1';
import { type DatabaseClock, databaseClock } from './testing/database-clock.js';
import { type Api, type Crew, type House, openHouse } from './testing/house.js';
import { executionOf, got, QUIET_BEAT, reached, reasonOf, until } from './testing/steps.js';
import { createOf, doingsOf, historyOf, pastOf, stage, up } from './testing/stories.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ONCE = { maxExecutions: 1, on: [], backoff: undefined, maxBackoff: undefined };

describe('the time of a clone', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let root: Api;
  let clock: DatabaseClock;
  let templates = 0;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('timers');
    api = house.as(crew.owner.token);
    root = house.as((await house.teams.admin()).token);
    clock = databaseClock(house);
  });
  after(() => house[Symbol.asyncDispose]());

  async function running(policy: Partial<Policy>): Promise<Clone> {
    templates += 1;
    const stages = [stage('main', { retry: ONCE })];
    const spec = { stages, limits: { grace: lasting(0) }, policy };
    const wish = { ownerId: crew.owner.id, name: `t${templates}`, kind: CloneKind.INSTANCE, spec };
    return up(house, api, await createOf(api, wish), 'main');
  }

  async function archived(policy: Partial<Policy>): Promise<Clone> {
    const { id } = await running(policy);
    await api.clones.archiveClone({ id, etag: '' });
    return reached(api, id, ClonePhase.ARCHIVED);
  }

  async function beat(clone: Clone, sequence?: bigint): Promise<void> {
    const { reports } = await house.asRunner(clone);
    const progress = { sequence: sequence ?? 0n, fraction: 0.5, message: 'on', metrics: [] };
    await reports.updateExecution({
      ...{ ...executionOf(clone), ...QUIET_BEAT, instance: 'runner-1', started: true },
      progress: sequence === undefined ? undefined : { ...progress, reportTime: undefined },
    });
  }

  it('is over when its workload has made no progress for too long, however well it lives', async () => {
    const idle = await running({ idleAfter: lasting(HOUR) });
    const busy = await running({ idleAfter: lasting(HOUR) });
    await clock.moveOn(HOUR - MINUTE);
    await Promise.all([beat(idle), beat(busy, 1n)]);
    await clock.moveOn(2 * MINUTE);

    const { reason, conditions, execution } = await reached(api, idle.id, ClonePhase.STOPPED);
    assert.equal(reason, 'IDLE');
    assert.ok(conditions.some(({ type }) => type === 'IDLE'));
    assert.equal(execution?.outcome?.kind, OutcomeKind.STOPPED);
    const told = (await historyOf(api, idle.id)).filter(({ cause }) => cause === 'idle');
    assert.deepEqual(
      told.map(({ kind, actor }) => [kind, actor]),
      [['clone.stop_requested', 'service:lifecycle']],
    );
    assert.equal((await got(api, busy.id)).phase, ClonePhase.RUNNING);

    // It says so no longer once it runs again, and has its whole time.
    await api.clones.restartClone({ id: idle.id, etag: '', requestId: '', resume: true });
    const again = await up(house, api, idle.id, 'main');
    assert.ok(!again.conditions.some(({ type }) => type === 'IDLE'));
    await clock.moveOn(HOUR - 3 * MINUTE);
    await beat(again);
    assert.equal((await got(api, idle.id)).phase, ClonePhase.RUNNING);
  });

  it('in the archive is over when its retention is, and can be undone until then', async () => {
    const policy = { archiveRetention: lasting(2 * HOUR) };
    const kept = await archived(policy);
    const restored = await archived(policy);
    const { phaseTime, deleteDueTime } = kept;
    assert.equal(between(phaseTime, deleteDueTime), 2 * HOUR);

    await clock.moveOn(2 * HOUR - MINUTE);
    assert.equal((await got(api, kept.id)).phase, ClonePhase.ARCHIVED);
    await api.clones.restoreClone({ id: restored.id, etag: '' });
    await up(house, api, restored.id, 'main');
    await clock.moveOn(MINUTE);

    await reached(api, kept.id, ClonePhase.DELETED);
    assert.ok(house.executor.calls.includes(`DeleteStorage ${kept.id}`));
    const causes = (await historyOf(api, kept.id)).map(({ cause }) => cause);
    assert.ok(causes.includes('archive_retention'));
    const late = api.clones.restoreClone({ id: kept.id, etag: '' });
    assert.equal(await reasonOf(late), 'CLONE_PHASE_CONFLICT');
    assert.equal((await got(api, restored.id)).phase, ClonePhase.RUNNING);
  });

  it('starts anew with a restore, also after it was over', async () => {
    const trial = { expireAfter: lasting(HOUR), expiryGrace: lasting(9 * HOUR) };
    const early = await archived(trial);
    const late = await archived(trial);
    await clock.moveOn(30 * MINUTE);
    await api.clones.restoreClone({ id: early.id, etag: '' });
    await up(house, api, early.id, 'main');
    const { expireTime } = await got(api, early.id);
    assert.ok(between(early.expireTime, expireTime) >= 30 * MINUTE);

    await clock.moveOn(45 * MINUTE);
    const expired = await got(api, late.id);
    assert.deepEqual(expired.phase, ClonePhase.ARCHIVED);
    assert.deepEqual(
      expired.conditions.map(({ type }) => type),
      ['EXPIRED'],
    );
    assert.equal(between(expired.expireTime, expired.deleteDueTime), 9 * HOUR);
    await api.clones.restoreClone({ id: late.id, etag: '' });
    const back = await up(house, api, late.id, 'main');
    assert.ok(between(late.expireTime, back.expireTime) >= 75 * MINUTE);
    assert.equal(back.deleteDueTime, undefined);
    assert.ok(!back.conditions.some(({ type }) => type === 'EXPIRED'));
    assert.deepEqual(await pastOf(api, late.id), ['1 main STOPPED', '2 main OPEN']);
    assert.deepEqual(await doingsOf(api, late.id), [
      'clones.create SUCCEEDED',
      'clones.archive SUCCEEDED',
      'clones.restore SUCCEEDED',
    ]);
  });

  it('is that of the archive again once an expiry in it is put off', async () => {
    const policy = { expireAfter: lasting(HOUR), expiryGrace: lasting(HOUR) };
    const clone = await archived({ ...policy, archiveRetention: lasting(6 * HOUR) });
    const { id, expireTime: first, deleteDueTime: retained } = clone;
    await clock.moveOn(HOUR);
    await until(async () => (await got(api, id)).conditions.length > 0);
    assert.equal(between(first, (await got(api, id)).deleteDueTime), HOUR);

    const expireTime = new Date((first?.getTime() ?? 0) + 100 * HOUR);
    await root.admin.setCloneExpiry({ id, etag: '', reason: 'paid', expireTime });

    const { phase, deleteDueTime, conditions } = await got(api, id);
    assert.deepEqual([phase, deleteDueTime], [ClonePhase.ARCHIVED, retained]);
    assert.deepEqual(conditions, []);
  });

  it('that an administrator has set is not put off by the archive', async () => {
    const clone = await running({});
    const expireTime = new Date((clone.createTime?.getTime() ?? 0) + 10 * HOUR);
    await root.admin.setCloneExpiry({ id: clone.id, etag: '', reason: 'until then', expireTime });
    await api.clones.archiveClone({ id: clone.id, etag: '' });
    await reached(api, clone.id, ClonePhase.ARCHIVED);
    await api.clones.restoreClone({ id: clone.id, etag: '' });
    assert.deepEqual((await up(house, api, clone.id, 'main')).expireTime, expireTime);

    await api.clones.archiveClone({ id: clone.id, etag: '' });
    await reached(api, clone.id, ClonePhase.ARCHIVED);
    await clock.moveOn(11 * HOUR);
    await until(async () => (await got(api, clone.id)).conditions.length > 0);
    const restore = api.clones.restoreClone({ id: clone.id, etag: '' });
    assert.equal(await reasonOf(restore), 'CLONE_EXPIRED');
  });
});

function lasting(ms: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(ms / 1_000), nanos: 0 };
}

function between(from: Date | undefined, to: Date | undefined): number {
  return from && to ? to.getTime() - from.getTime() : assert.fail('a time is missing');
}
