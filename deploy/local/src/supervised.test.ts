import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@ramet/service';
import { startProcess } from './process.js';
import { type Plan, Supervised } from './supervised.js';
import { type TestFolder, testFolder } from './testing/folder.js';

const STUBBORN = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); touch();';

describe('a supervised process', () => {
  it('is killed when it does not end in its grace', async () => {
    using folder = testFolder();
    await using process = new Supervised({ ...planFor(folder, STUBBORN), graceMs: 100 });
    await process.start();

    assert.deepEqual(await process.stop(), { code: null, signal: 'SIGKILL' });
  });

  it('fails to start with the end of what it wrote', async () => {
    using folder = testFolder();
    const plan = planFor(folder, 'console.error("no such port"); process.exitCode = 3;');
    await using process = new Supervised(plan);

    await assert.rejects(process.start(), /ended at its start \(with code 3\).*no such port/s);
  });

  it('fails to start when its program is missing', async () => {
    using folder = testFolder();
    const plan = planFor(folder, '');
    await using process = new Supervised({
      ...plan,
      launch: () => startProcess({ argv: ['/nowhere/program'], env: {}, logFile: plan.logFile }),
    });

    await assert.rejects(process.start(), { code: 'ENOENT' });
  });

  it('tells of an end that nobody asked for, and of no other', async () => {
    using folder = testFolder();
    const told: unknown[] = [];
    await using process = new Supervised({
      ...planFor(folder, STUBBORN),
      restart: true,
      onUnasked: (_name, exit) => told.push(exit.signal),
    });
    await process.start();

    await process.kill('SIGKILL');
    await process.whenServing();
    await process.kill('SIGKILL');
    await process.whenServing();
    await process.stop();

    assert.deepEqual(told, ['SIGKILL', 'SIGKILL']);
  });

  it('may be stopped while it starts', async () => {
    using folder = testFolder();
    await using supervised = new Supervised(planFor(folder, 'setInterval(() => {}, 1000)'));
    const starting = assert.rejects(supervised.start());

    await supervised.stop();

    await starting;
    assert.equal(supervised.pid, undefined);
  });
});

/** A plan for a program that serves as soon as it has called `touch`. */
function planFor(folder: TestFolder, program: string): Plan {
  const ready = join(folder.path, 'ready');
  const logFile = join(folder.path, 'log');
  writeFileSync(logFile, '');
  const touch = `const touch = () => require("node:fs").writeFileSync(${JSON.stringify(ready)}, "")`;
  return {
    name: 'program',
    logFile,
    clock: systemClock,
    stopSignal: 'SIGTERM',
    graceMs: 5_000,
    readyMs: 5_000,
    restart: false,
    launch: () =>
      startProcess({
        argv: [process.execPath, '-e', `${touch}; ${program}`],
        env: {},
        logFile,
      }),
    isServing: async () => existsSync(ready),
  };
}
