import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noFailpoints, systemClock } from '@ramet/service';
import { NO_SECRETS, type RunnerConfig } from './config.js';
import { Execution } from './execution.js';
import { runnerFolder } from './folder.js';
import { Mask } from './mask.js';
import { takePorts } from './ports.js';
import { Reports } from './reports.js';
import { PLAIN } from './testing.js';

// Goal: what is asked to end before it was started never starts, and its end is recorded.

describe('an execution', () => {
  it('that was stopped before its start does not start', async () => {
    const path = await mkdtemp(join(tmpdir(), 'ramet-execution-'));
    const folder = runnerFolder(path);
    const quiet = (): void => undefined;
    const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    const execution = new Execution({
      config: configIn(path),
      ...{ folder, logger, secrets: NO_SECRETS, mask: new Mask([]), reports: new Reports() },
      ...{ clock: systemClock, failpoints: noFailpoints, mesh: undefined, onVerdict: quiet },
      ports: await takePorts([]),
    });

    execution.stop('STOPPED', 0);
    await execution.run();

    const { kind, started_at: startedAt } = JSON.parse(await readFile(folder.exit, 'utf8'));
    assert.deepEqual({ kind, startedAt }, { kind: 'STOPPED', startedAt: undefined });
    assert.deepEqual(await readdir(path), ['exit.json']);
    await rm(path, { recursive: true });
  });
});

function configIn(runFolder: string): RunnerConfig {
  return {
    name: 'exe_stopped-e1',
    cloneId: 'cln_stopped',
    executionId: 'exe_stopped',
    epoch: 1,
    command: ['true'],
    ...{ runFolder, controlSocket: '', keyId: '', parameters: [], searchPath: '/usr/bin:/bin' },
    ...PLAIN,
    storage: { folder: runFolder, freshEpoch: 0, uidBase: 0, uids: 0 },
    isolation: { mode: 'shared' },
    limits: { graceMs: 0, processes: 64, openFiles: 64, fileBytes: 1 << 20 },
  };
}
