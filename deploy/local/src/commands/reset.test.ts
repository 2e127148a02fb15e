import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf } from '../layout.js';
import { AlreadyRunning, takeLock } from '../lock.js';
import { MARK } from '../service-env.js';
import { testFolder } from '../testing/folder.js';
import type { CommandContext } from './context.js';
import { reset } from './reset.js';

describe('reset', () => {
  it('removes the state, the run folder and the processes that were left', async () => {
    using folder = testFolder();
    const layout = layoutOf(stateIn(folder.path));
    mkdirSync(layout.run, { recursive: true });
    const left = spawn('sleep', ['1000'], { env: { [MARK]: layout.state } });

    const code = await reset(contextFor(layout.state));

    assert.equal(code, 0);
    assert.ok(!existsSync(layout.state));
    assert.ok(!existsSync(layout.run));
    const signal = left.signalCode ?? (await once(left, 'exit'))[1];
    assert.equal(signal, 'SIGKILL');
  });

  it('refuses while the mesh runs', async () => {
    using folder = testFolder();
    const { state, lock } = layoutOf(stateIn(folder.path));
    using _held = takeLock(lock);

    await assert.rejects(reset(contextFor(state)), AlreadyRunning);

    assert.ok(existsSync(state));
  });

  it('refuses a folder that is no mesh of ours', async () => {
    using folder = testFolder();
    writeFileSync(join(folder.path, 'thesis.txt'), 'years of work');
    const complaints: string[] = [];

    const code = await reset(contextFor(folder.path, complaints));

    assert.equal(code, 1);
    assert.match(complaints.join(), /is not the state of a mesh/);
    assert.ok(existsSync(join(folder.path, 'thesis.txt')));
  });

  it('is content when there is nothing', async () => {
    using folder = testFolder();

    assert.equal(await reset(contextFor(join(folder.path, 'none'))), 0);
  });
});

function stateIn(folder: string): string {
  const { state, ports } = layoutOf(join(folder, 'state'));
  mkdirSync(state);
  writeFileSync(ports, '{}');
  return state;
}

function contextFor(state: string, complaints: string[] = []): CommandContext {
  return {
    env: {},
    args: ['--state', state],
    say: () => undefined,
    complain: (line) => complaints.push(line),
    untilAsked: async () => undefined,
  };
}
