import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

/** What to run, as whom, and where its output goes. */
export interface Command {
  /** The program and its arguments. Never a secret: arguments are public on a machine. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The file that standard output and error are appended to. */
  readonly logFile: string;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** How a process ended: by a code or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that was started and may have ended since. */
export interface Running {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Sends a signal. Does nothing once the process is gone. */
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts a process in a session of its own, so that Ctrl-C at the terminal reaches only us.
 *
 * Its output goes straight to the log file: it outlives us without a broken pipe.
 * Throws if the program cannot be started.
 */
export async function startProcess(command: Command): Promise<Running> {
  const [program = '', ...args] = command.argv;
  const log = openSync(command.logFile, 'a', 0o600);
  try {
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: command.env,
      uid: command.uid,
      gid: command.gid,
      detached: true,
      stdio: ['ignore', log, log],
    });
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await once(child, 'spawn');
    child.on('error', () => undefined);
    return { pid: child.pid ?? -1, exited, kill: (signal) => void child.kill(signal) };
  } finally {
    closeSync(log);
  }
}

/**
 * The words to put before a program so that the kernel ends it with us, even after SIGKILL.
 *
 * A change of credentials clears this, so it stands after whatever changes them. Where there is
 * no `setpriv` it is nothing, and the next start finds what was left.
 */
export function dieWithParent(signal: 'INT' | 'TERM' | 'KILL'): readonly string[] {
  return hasSetpriv() ? ['setpriv', '--pdeathsig', signal] : [];
}

function hasSetpriv(): boolean {
  return spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true']).status === 0;
}
