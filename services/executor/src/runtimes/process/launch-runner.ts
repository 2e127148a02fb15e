import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { ExecutionFolders } from './folders.js';

/** The variables by which what was started for an executor, or an execution, is found again. */
export const EXECUTOR_MARK = 'RAMET_EXECUTOR_DIR';
export const EXECUTION_MARK = 'RAMET_EXECUTION';
/** The variable by which a mesh finds all of its processes. */
const MESH_MARK = 'RAMET_STATE_DIR';

/** A runner is small: it holds one workload's pipes and a few connections. */
const SMALL = ['--max-semi-space-size=1', '--max-old-space-size=96', '--optimize-for-size'];

interface Launching {
  readonly stateDir: string;
  readonly meshDir: string;
  readonly runnerProgram: string;
}

/**
 * Starts the runner of an execution, in a session of its own and holding nothing of ours.
 *
 * It outlives this process. Launching twice is harmless: one of the two gives up.
 */
export async function launchRunner(
  { stateDir, meshDir, runnerProgram }: Launching,
  folders: ExecutionFolders,
  name: string,
): Promise<void> {
  await using log = await open(folders.runnerLog, 'a', 0o600);
  const runner = spawn(process.execPath, [...SMALL, runnerProgram, folders.state], {
    cwd: '/',
    detached: true,
    env: {
      PATH: '/usr/bin:/bin',
      [EXECUTOR_MARK]: stateDir,
      [EXECUTION_MARK]: name,
      ...(meshDir !== '' && { [MESH_MARK]: meshDir }),
    },
    stdio: ['ignore', log.fd, log.fd],
  });
  await once(runner, 'spawn');
  runner.unref();
}
