import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from './clock.js';
import {
  identify,
  isAlive,
  killUser,
  ownProcessesWithVariable,
  processesOfUser,
  processesWithVariable,
  signalProcess,
  variableOf,
} from './processes.js';

const IS_ROOT = process.getuid?.() === 0;
/** A user of nobody's but this test's. */
const UID = 777_001;

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
    assert.deepEqual(ownProcessesWithVariable('RAMET_MARK', `${process.pid}`), [child.pid]);
    assert.equal(variableOf(child.pid ?? 0, 'RAMET_MARK'), `${process.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});

(IS_ROOT ? describe : describe.skip)('another user', () => {
  const asOther = ['--reuid', `${UID}`, '--regid', `${UID}`, '--clear-groups', '--inh-caps=-all'];

  it('is not taken for one of ours by a variable that it has chosen', async () => {
    const mark = `stranger-${process.pid}`;
    const child = spawn('setpriv', [...asOther, 'sleep', '60'], { env: { RAMET_MARK: mark } });
    while (processesOfUser(UID).length === 0) await systemClock.sleep(5);

    assert.deepEqual(processesWithVariable('RAMET_MARK', mark), [child.pid]);
    assert.deepEqual(ownProcessesWithVariable('RAMET_MARK', mark), []);

    await killUser(UID, systemClock);
    assert.deepEqual(processesOfUser(UID), []);
  });

  it('is killed even while it kills all who come as that user', async () => {
    const guard = `if (process.getuid() !== ${UID}) process.exit(1);
      console.log('on guard');
      for (;;) try { process.kill(-1, 'SIGKILL'); } catch {}`;
    const child = spawn('setpriv', [...asOther, process.execPath, '-e', guard]);
    await once(child.stdout, 'data');

    await killUser(UID, systemClock);

    assert.deepEqual(processesOfUser(UID), []);
  });
});

describe('killUser', () => {
  it('refuses the users of people and of the system', async () => {
    for (const uid of [0, 1_000, 65_534, Number.NaN]) {
      await assert.rejects(killUser(uid, systemClock), /not the user of a workload/);
    }
  });
});
