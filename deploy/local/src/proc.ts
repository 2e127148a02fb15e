import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type Clock, identify, processesWithVariable } from '@ramet/service';

/** A process of this machine. */
export interface Seen {
  readonly pid: number;
  readonly commandLine: string;
}

const POLL_MS = 20;

/**
 * When a process was started, in words that differ for every use of the same pid.
 *
 * Undefined when there is no such process.
 */
export function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return startByPs(pid);
  const identity = identify(pid);
  return identity && `${identity.bootId}/${identity.startTime}`;
}

/** The processes whose working folder is `folder`. Knows nothing where there is no /proc. */
export function processesIn(folder: string): readonly Seen[] {
  return processes().filter(({ pid }) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false;
    }
  });
}

/** The processes that were started with a variable in their environment. */
export function processesMarked(name: string, value: string): readonly Seen[] {
  if (process.platform !== 'linux') return [];
  const marked = new Set(processesWithVariable(name, value));
  return processes().filter(({ pid }) => marked.has(pid));
}

/** Signals processes and waits until they are gone. Returns those that are left. */
export async function endAll(
  find: () => readonly Seen[],
  signal: NodeJS.Signals,
  { clock, withinMs }: { readonly clock: Clock; readonly withinMs: number },
): Promise<readonly Seen[]> {
  for (const { pid } of find()) signalOne(pid, signal);
  const until = clock.elapsed() + withinMs;
  while (find().length > 0 && clock.elapsed() < until) await clock.sleep(POLL_MS);
  return find();
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile, or is not ours to signal: whoever waits for it will see.
  }
}

function processes(): readonly Seen[] {
  if (process.platform !== 'linux') return [];
  const found: Seen[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const commandLine = read(`/proc/${pid}/cmdline`);
    // A process without a command line is a kernel thread, or has ended and waits to be reaped.
    if (commandLine) found.push({ pid, commandLine: commandLine.split('\0').join(' ').trim() });
  }
  return found;
}

function startByPs(pid: number): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
