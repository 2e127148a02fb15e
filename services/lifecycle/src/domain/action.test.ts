// Goal: the log of actions tells the truth: what has SUCCEEDED did what it was for, what has FAILED
// says why, and nothing is SUPERSEDED that goes on.
// Method: single changes, each with the action that is open.

import assert from 'node:assert/strict';
import { actionEnd, withAction } from './action.js';
import { ended, rolledBack, settled, started } from './changes.js';
import type { Clone } from './clone.js';
import { afterNoon, cloneIn, NOON, releaseOf, stageOf } from './examples.js';
import { DEADLINES } from './phases.js';
import { notPutDown, puttingDown, suspended } from './put-down.js';
import { askToExtend, askToRestart, askToUpdate } from './requests.js';
import { timeUp } from './timers.js';

const WHY = { at: NOON, deadlines: DEADLINES };
const EXITED = {
  state: 'EXITED',
  startedAt: NOON,
  exit: { kind: 'EXITED', exitCode: 0, signal: '', message: '' },
} as const;
const HOUR_MS = 60 * 60_000;
const TRIAL: Partial<Clone> = {
  expireAt: NOON,
  policy: { expireAfterMs: HOUR_MS, extendUpToMs: 9 * HOUR_MS },
};
const RELEASE = releaseOf(stageOf('main'));

function doing(name: string, more: Partial<Clone> = {}): Partial<Clone> {
  return { ...more, action: { id: 'act-1', name: `clones.${name}` } };
}

/** A clone whose update has begun. */
function updatingBy(name: string, more: Partial<Clone> = {}): Clone {
  const execution = cloneIn('RUNNING').execution;
  return cloneIn('UPDATING', {
    ...doing(name, more),
    candidate: { ...RELEASE, number: 2 },
    releases: 2,
    ...(execution && { execution: { ...execution, release: 2 } }),
  });
}

/** A clone after its time has come. */
function spent(clone: Clone): Clone {
  return timeUp(clone, NOON, undefined)?.next ?? assert.fail('its time has not come');
}

describe('what is done to a clone', () => {
  for (const name of ['update', 'rotate_secrets']) {
    it(`has failed where it is undone: ${name}`, () => {
      const back = rolledBack(updatingBy(name), 'the probe has found nothing', WHY);
      assert.equal(actionEnd(updatingBy(name), back), undefined);
      const end = actionEnd(back, started(back, [], WHY));
      assert.equal(end?.outcome, 'FAILED');
      assert.match(end?.message ?? '', /RUNNING: release 2 did not start: the probe/);
    });
  }

  it('has failed where it never began, however the clone goes on', () => {
    const asked = askToUpdate(cloneIn('RUNNING', doing('update', TRIAL)), RELEASE);
    const end = actionEnd(asked, puttingDown(spent(asked), 'suspend', WHY));
    assert.deepEqual(end, { outcome: 'FAILED', message: 'SUSPENDING: its time is over' });
  });

  it('has succeeded with what is up, although its time is over by then', () => {
    const clone = spent(updatingBy('update', TRIAL));
    const next = started(clone, [], WHY);
    assert.deepEqual([next.release.number, next.desired], [2, 'SUSPENDED']);
    assert.deepEqual(actionEnd(clone, next), { outcome: 'SUCCEEDED', message: '' });
  });

  it('has succeeded where what it brought ended well before it was seen to run', () => {
    const over = ended(updatingBy('update'), EXITED, WHY);
    const next = settled(over, EXITED, WHY);
    assert.deepEqual(
      [next.phase, next.release.number, next.candidate],
      ['COMPLETED', 2, undefined],
    );
    assert.deepEqual(actionEnd(over, next), { outcome: 'SUCCEEDED', message: '' });

    const back = ended(cloneIn('RESUMING', doing('resume')), EXITED, WHY);
    assert.equal(actionEnd(back, settled(back, EXITED, WHY))?.outcome, 'SUCCEEDED');
  });

  it('says that time was over, where that is why it failed', () => {
    const ran = cloneIn('COMPLETED', TRIAL);
    const clone = withAction(ran, askToRestart(ran, true), { id: 'a', name: 'clones.restart' });
    const end = actionEnd(clone, spent(clone));
    assert.deepEqual(end, { outcome: 'FAILED', message: 'COMPLETED: its time is over' });
  });

  it('has failed where it could not be archived, although it is to be suspended next', () => {
    const asked = spent(cloneIn('RUNNING', doing('archive', { ...TRIAL, desired: 'ARCHIVED' })));
    const going = puttingDown(asked, 'archive', WHY);
    const end = actionEnd(going, notPutDown(going, 'the host is away', WHY));
    assert.equal(end?.outcome, 'FAILED');
    assert.match(end?.message ?? '', /RUNNING: it was ARCHIVING for too long: the host is away/);
  });

  it('goes on where an expiry is put off before it was suspended for it', () => {
    for (const clone of [
      cloneIn('PREPARING', doing('create', TRIAL)),
      updatingBy('update', TRIAL),
    ]) {
      const longer = askToExtend(spent(clone), HOUR_MS, NOON);
      const next = withAction(spent(clone), longer, { id: 'act-2', name: 'clones.extend' });
      assert.deepEqual([next.desired, next.action], ['RUNNING', clone.action]);
    }
  });

  it('is another action once it is being suspended for its expiry', () => {
    const clone = spent(cloneIn('RUNNING', doing('create', TRIAL)));
    const going = puttingDown(clone, 'suspend', WHY);
    const extension = { id: 'act-2', name: 'clones.extend' };
    const next = withAction(going, askToExtend(going, HOUR_MS, NOON), extension);
    assert.deepEqual(next.action, extension);
    assert.equal(suspended(going, 'none', { ...WHY, at: afterNoon(1) }).reason, 'EXPIRED');
  });
});
