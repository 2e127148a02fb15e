import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where everything made for one execution lies. The runner knows the same names. */
export interface ExecutionFolders {
  /** What the runner keeps, for nobody else to read. Its exclusive making claims the execution. */
  readonly state: string;
  readonly config: string;
  /** What only the workload or its runner may know. The runner removes it as soon as it has it. */
  readonly secrets: string;
  readonly runner: string;
  readonly started: string;
  /** How the workload ended, while its runner still sends what it left. */
  readonly ended: string;
  readonly exit: string;
  readonly logs: string;
  readonly runnerLog: string;
  /** What the workload may reach: its working folder, and the socket of its runner. */
  readonly run: string;
  readonly work: string;
  /** The workload's overrides, secret ones too. The runner makes it, and removes it at the end. */
  readonly overrides: string;
  /** Where the runner listens for the executor. */
  readonly control: string;
}

/** Places that any program may write to, and where another one's secrets may lie. */
export const SHARED_DIRS: readonly string[] = ['/tmp', '/var/tmp', '/dev/shm'];

/** The folders under which those of all executions, and the storages of all clones, lie. */
export interface Roots {
  readonly stateDir: string;
  readonly runDir: string;
  /** Empty: the storages lie in RUN_DIR. */
  readonly storageDir: string;
}

/** The folders of one execution. */
export function foldersOf(
  { stateDir, runDir }: Omit<Roots, 'storageDir'>,
  name: string,
): ExecutionFolders {
  const state = join(executionsIn(stateDir), name);
  const run = join(runDir, name);
  return {
    state,
    config: join(state, 'config.json'),
    secrets: join(state, 'secrets.json'),
    runner: join(state, 'runner.json'),
    started: join(state, 'started.json'),
    ended: join(state, 'ended.json'),
    exit: join(state, 'exit.json'),
    logs: join(state, 'logs'),
    runnerLog: join(state, 'runner.log'),
    run,
    work: join(run, 'work'),
    overrides: join(run, 'config'),
    control: join(controlsIn(runDir), `${name}.sock`),
  };
}

/** The folder that holds the private folders of all executions. */
export function executionsIn(stateDir: string): string {
  return join(stateDir, 'executions');
}

/** Whether a name is one that folders of executions have. */
export function isExecutionName(name: string): boolean {
  return /^[a-z0-9_]+-e[0-9]+$/.test(name);
}

/**
 * Makes the roots. Others may pass through RUN_DIR to what is theirs, but not look around in it.
 */
export async function makeRoots({ stateDir, runDir }: Omit<Roots, 'storageDir'>): Promise<void> {
  await mkdir(executionsIn(stateDir), { recursive: true, mode: 0o700 });
  await mkdir(runDir, { recursive: true });
  // Whatever mask this process was started with.
  await chmod(runDir, 0o711);
  await mkdir(controlsIn(runDir), { recursive: true, mode: 0o700 });
}

function controlsIn(runDir: string): string {
  return join(runDir, '.control');
}
