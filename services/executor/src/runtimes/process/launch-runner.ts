import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { ExecutionFolders } from './folders.js';

/** The variables by which what was started for an executor, or an execution, is found again. */
export const STATE_MARK = 'RAMET_STATE_DIR';
export const EXECUTION_MARK = 'RAMET_EXECUTION';

/** A runner is small: it holds one workload's pipes and a few connections. */
const SMALL = ['--max-semi-space-size=1', '--max-old-space-size=96', '--optimize-for-size'];

interface Launching {
  readonly stateDir: string;
  readonly runnerProgram: string;
}

/**
 * Starts the runner of an execution, in a session of its own and holding nothing of ours.
 *
 * It outlives this process. Launching twice is harmless: one of the two gives up.
 */
export async function launchRunner(
  { stateDir, runnerProgram }: Launching,
  folders: ExecutionFolders,
  name: string,
): Promise<void> {
  await using log = await open(folders.runnerLog, 'a', 0o600);
  const runner = spawn(process.execPath, [...SMALL, runnerProgram, folders.state], {
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/bin:/bin', [STATE_MARK]: stateDir, [EXECUTION_MARK]: name },
    stdio: ['ignore', log.fd, log.fd],
  });
  await once(runner, 'spawn');
  runner.unref();
}
