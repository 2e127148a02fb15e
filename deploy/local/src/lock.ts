import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { startOf } from './proc.js';
import { writePrivate } from './secrets.js';

/** Who holds a lock: a process, told apart from another that got its number later. */
interface Holder {
  readonly pid: number;
  readonly started: string;
}

/** Says that another process works in the same state folder. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
  readonly pid: number;

  constructor(file: string, pid: number) {
    super(`a mesh is already running here: process ${pid} holds ${file}`);
    this.pid = pid;
  }
}

/**
 * Takes a lock until the returned value is disposed of.
 *
 * The lock of a process that has ended is taken over, however it ended. Throws AlreadyRunning
 * when its holder lives.
 */
export function takeLock(file: string): Disposable {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const own: Holder = { pid: process.pid, started: startOf(process.pid) ?? '' };
  const mine = `${file}.${process.pid}`;
  writePrivate(mine, JSON.stringify(own));
  try {
    while (!claim(mine, file)) clearAbandoned(file);
  } finally {
    rmSync(mine, { force: true });
  }
  return {
    [Symbol.dispose]() {
      if (holderOf(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

/** The process that holds a lock, if there is one and it lives. */
export function lockedBy(file: string): number | undefined {
  const holder = holderOf(file);
  return holder && startOf(holder.pid) === holder.started ? holder.pid : undefined;
}

/** Makes the lock of our note in one step, so that of two only one succeeds. */
function claim(mine: string, file: string): boolean {
  try {
    linkSync(mine, file);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    return false;
  }
}

function clearAbandoned(file: string): void {
  refuseIfHeld(file, file);
  const moved = `${file}.old.${process.pid}`;
  try {
    renameSync(file, moved);
  } catch {
    return;
  }
  try {
    // Another may have cleared the old lock and made its own between our look and our move.
    if (lockedBy(moved) !== undefined) linkSync(moved, file);
    refuseIfHeld(moved, file);
  } finally {
    unlinkSync(moved);
  }
}

function refuseIfHeld(file: string, name: string): void {
  const pid = lockedBy(file);
  if (pid !== undefined) throw new AlreadyRunning(name, pid);
}

function holderOf(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
