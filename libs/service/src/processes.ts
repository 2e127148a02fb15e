import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Clock } from './clock.js';

/** One process, told apart from any other that ever has its number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from the boot to its start, as the kernel counts them. */
  readonly startTime: string;
  readonly bootId: string;
}

/** A process as it is at this moment. */
export interface ProcessState {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly startTime: string;
}

const LOWEST_WORKLOAD_UID = 100_000;
const KILL_ROUNDS = 200;
const KILL_ROUND_MS = 25;
const DEAD_STATES = 'ZXx';

/** The identity of a live process, or undefined if it is gone. A zombie is gone. */
export function identify(pid: number): ProcessIdentity | undefined {
  const state = readProcess(pid);
  return state && { pid, startTime: state.startTime, bootId: bootId() };
}

/** Whether this very process still lives, and not a later one with its number. */
export function isAlive(identity: ProcessIdentity): boolean {
  return (
    identity.bootId === bootId() && readProcess(identity.pid)?.startTime === identity.startTime
  );
}

/** Sends a signal to this very process. Says whether it was there to get it. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

/** One process, or undefined if it is gone. */
export function readProcess(pid: number): ProcessState | undefined {
  const stat = readProc(pid, 'stat');
  // The name stands in brackets and may itself hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, , session] = fields;
  if (stat === '' || DEAD_STATES.includes(state)) return undefined;
  return {
    pid,
    parent: Number(parent),
    session: Number(session),
    startTime: fields[19] ?? '',
  };
}

/** The memory a process holds in RAM; 0 once it is gone. */
export function residentBytes(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status')) ?? [];
  return Number(kilobytes) * 1_024;
}

function listPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** All live processes that this one can see. */
export function listProcesses(): readonly ProcessState[] {
  return listPids()
    .map(readProcess)
    .filter((state) => state !== undefined);
}

/** The live processes that run as a user, however they hide their owner in /proc. */
export function processesOfUser(uid: number): readonly number[] {
  const mine = new RegExp(`^Uid:\\t(?:\\d+\\t)*${uid}(?:\\t|$)`, 'm');
  return listPids().filter((pid) => mine.test(readProc(pid, 'status')) && readProcess(pid));
}

/** The live processes that were started with this variable, as far as this one may look. */
export function processesWithVariable(name: string, value: string): readonly number[] {
  const entry = `${name}=${value}`;
  return listPids().filter((pid) => readProc(pid, 'environ').split('\0').includes(entry));
}

/** What a process was started with as a variable, as far as this one may look. */
export function variableOf(pid: number, name: string): string | undefined {
  const entries = readProc(pid, 'environ').split('\0');
  return entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/**
 * The live processes of this one's user that were started with this variable.
 *
 * This is what may be killed: a workload with a user of its own can take any variable, and is then
 * no part of a mesh, nor of another execution.
 */
export function ownProcessesWithVariable(name: string, value: string): readonly number[] {
  const own = `\nUid:\t${process.getuid?.()}\t`;
  return processesWithVariable(name, value).filter((pid) => readProc(pid, 'status').includes(own));
}

/**
 * Kills every process of a workload's user and returns when none is left.
 *
 * Each of them is killed from here, where it cannot strike back, and then the kernel signals all of
 * them in one pass (`kill -1` as that user), so that a fork bomb cannot outrun it. Needs root.
 * Throws if some are left after five seconds.
 */
export async function killUser(uid: number, clock: Clock): Promise<void> {
  if (!(uid >= LOWEST_WORKLOAD_UID)) throw new Error(`not the user of a workload: ${uid}`);
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const left = processesOfUser(uid);
    if (left.length === 0) return;
    for (const pid of left) killNow(pid);
    await killAllAs(uid);
    await clock.sleep(KILL_ROUND_MS);
  }
  throw new Error(`processes of user ${uid} do not end`);
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function killAllAs(uid: number): Promise<void> {
  const user = ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', '--inh-caps=-all'];
  // The shell makes sure who it is: as root the same line would end the whole machine.
  const kill = `[ "$(id -u)" = ${uid} ] && kill -KILL -1`;
  await run('setpriv', [...user, 'sh', '-c', kill]).catch(() => undefined);
}

const run = promisify(execFile);

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
