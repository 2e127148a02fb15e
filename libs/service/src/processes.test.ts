import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from './clock.js';
import { identify, isAlive, killUser, processesWithVariable, signalProcess } from './processes.js';

describe('a process identity', () => {
  it('is alive while its process is, and not after', async () => {
    const child = spawn('sleep', ['60']);
    const identity = identify(child.pid ?? 0);
    assert.ok(identity);
    assert.equal(isAlive(identity), true);

    child.kill('SIGKILL');
    await once(child, 'exit');

    assert.equal(isAlive(identity), false);
    assert.equal(identify(identity.pid), undefined);
  });

  it('does not take another process with the same number for its own', () => {
    const self = identify(process.pid);
    assert.ok(self);
    assert.equal(isAlive({ ...self, startTime: '1' }), false);
    assert.equal(isAlive({ ...self, bootId: 'another boot' }), false);
    assert.equal(signalProcess({ ...self, startTime: '1' }, 'SIGKILL'), false);
  });

  it('is found by a variable of its environment', async () => {
    const child = spawn('sleep', ['60'], { env: { RAMET_MARK: `${process.pid}` } });

    const found = processesWithVariable('RAMET_MARK', `${process.pid}`);

    assert.deepEqual(found, [child.pid]);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});

describe('killUser', () => {
  it('refuses the users of people and of the system', async () => {
    for (const uid of [0, 1_000, 65_534, Number.NaN]) {
      await assert.rejects(killUser(uid, systemClock), /not the user of a workload/);
    }
  });
});
