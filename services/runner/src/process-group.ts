import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Clock, killUser, ownProcessesWithVariable } from '@ramet/service';
import type { GroupConfig } from './config.js';
import type { Exit } from './exit-record.js';
import type { InitMessage } from './init.js';
import { beside, isolated } from './isolation.js';
import type { LogFiles, LogStream } from './log-files.js';
import { childrenOf, Members } from './members.js';

/** The variable that marks every process of a workload which did not take care to drop it. */
const MARK = 'RAMET_EXECUTION';
const INIT = fileURLToPath(new URL('./init.js', import.meta.url));
const DRAIN_MS = 2_000;

interface Needs {
  readonly clock: Clock;
  readonly logs: LogFiles;
}

/** A running workload: its main process and everything that came of it. */
export class ProcessGroup {
  readonly #config: GroupConfig;
  readonly #clock: Clock;
  readonly #child: ChildProcess;
  readonly #members: Members | undefined;
  readonly #output: Promise<unknown>;
  /** Settles when the main process has ended, or could not be started. */
  readonly exited: Promise<Exit>;

  readonly #workFolder: string;
  #isPlaced = false;

  /** Starts a workload apart, with nothing of the runner's environment. */
  constructor(config: GroupConfig, workFolder: string, { clock, logs }: Needs) {
    this.#config = config;
    this.#workFolder = workFolder;
    this.#clock = clock;
    this.#child = spawnIsolated(config, workFolder);
    const { pid } = this.#child;
    this.#members = pid === undefined ? undefined : new Members(pid, config.isolation);
    this.#output = Promise.all([this.#capture('stdout', logs), this.#capture('stderr', logs)]);
    this.#child.on('message', ({ kind }: InitMessage) => {
      if (kind === 'started') this.#isPlaced = true;
    });
    this.exited = exitOf(this.#child);
  }

  residentBytes(): number {
    return this.#members?.residentBytes() ?? 0;
  }

  /** Starts another command as the workload's, where it runs. None if that is not up yet. */
  spawnBeside(command: readonly string[]): ChildProcess | undefined {
    const { isolation, limits } = this.#config;
    const { pid } = this.#child;
    const init = this.#isPlaced && pid !== undefined ? childrenOf(pid)[0] : undefined;
    const place = { workFolder: this.#workFolder, init };
    const wrapped = beside(command, { isolation, limits, place });
    if (!wrapped) return undefined;
    const [program = '', ...parameters] = wrapped;
    return spawn(program, parameters, {
      cwd: this.#workFolder,
      env: environment(this.#config, this.#workFolder),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  }

  /** Sends a signal to the main process and its group. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.connected) this.#child.send(signal, () => undefined);
    else if (this.#child.pid !== undefined) killQuietly(-this.#child.pid, signal);
  }

  /** Kills everything of this workload, wherever it hid. Returns when all of it is gone. */
  async kill(): Promise<void> {
    const { isolation, name } = this.#config;
    const { pid } = this.#child;
    if (pid === undefined) return;
    switch (isolation.mode) {
      case 'user':
        return killUser(isolation.uid, this.#clock);
      case 'namespace':
        // Its process 1 takes all others with it, and its parent sees it gone only after them.
        for (const init of childrenOf(pid)) killQuietly(init, 'SIGKILL');
        break;
      case 'shared':
        killQuietly(-pid, 'SIGKILL');
        for (const stray of ownProcessesWithVariable(MARK, name)) killQuietly(stray, 'SIGKILL');
        break;
    }
    await this.exited;
  }

  /** Returns when all output is in the logs, or a stray that holds a pipe is given up on. */
  async drain(): Promise<void> {
    await Promise.race([this.#output, this.#clock.sleep(DRAIN_MS)]);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    await this.#output;
  }

  async #capture(stream: LogStream, logs: LogFiles): Promise<void> {
    const output = this.#child[stream];
    if (!output) return;
    try {
      for await (const chunk of output) await logs.append(stream, chunk);
    } catch {
      // The pipe was closed by drain().
    }
  }
}

function spawnIsolated(config: GroupConfig, workFolder: string): ChildProcess {
  const { isolation, limits, runFolder, command, mounts } = config;
  const init = [process.execPath, INIT];
  const [program = '', ...parameters] = isolated(command, {
    isolation,
    limits,
    runFolder,
    mounts,
    init,
  });
  const channel = isolation.mode === 'namespace' ? (['ipc'] as const) : [];
  return spawn(program, parameters, {
    cwd: workFolder,
    env: environment(config, workFolder),
    stdio: ['ignore', 'pipe', 'pipe', ...channel],
    detached: true,
  });
}

/** All that a workload gets to know: no token, and no address but the socket's. */
function environment(config: GroupConfig, workFolder: string): NodeJS.ProcessEnv {
  return {
    ...config.variables,
    PATH: config.searchPath,
    HOME: workFolder,
    LANG: 'C.UTF-8',
    RAMET_SOCKET: `${config.runFolder}/ramet.sock`,
    RAMET_CLONE_ID: config.cloneId,
    RAMET_EXECUTION_ID: config.executionId,
    [MARK]: config.name,
  };
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  let told: Exclude<InitMessage, { kind: 'started' }> | undefined;
  child.on('message', (message: InitMessage) => {
    if (message.kind !== 'started') told = message;
  });
  try {
    const [exitCode, signal] = await once(child, 'exit');
    if (told?.kind === 'failed') return { failure: told.message };
    return told ? exit(told.exitCode, told.signal) : exit(exitCode, signal);
  } catch (error) {
    return { failure: (error as Error).message };
  }
}

function exit(exitCode: number | null, signal: string | null): Exit {
  return signal === null ? { exitCode: exitCode ?? 0 } : { signal };
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
