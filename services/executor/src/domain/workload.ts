import { PublicError } from '@ramet/errors';
import type { ExitKind, Observation, StopCause, WorkloadExit } from './observation.js';
import type { WorkloadSetup } from './setup.js';

/** How far a workload is. */
export type WorkloadState = 'pending' | 'running' | 'stopping' | 'exited' | 'removing' | 'removed';

/** What happens to a workload. */
export type Signal = 'run' | 'stop' | 'end' | 'remove' | 'gone';

/** What a workload is made of. */
export interface WorkloadSource {
  readonly bundle: string;
  readonly command: readonly string[];
  /** Which release of the bundle. Empty: the one without a tag. */
  readonly tag: string;
}

/** A named value that a workload is told. */
export interface WorkloadParameter {
  readonly name: string;
  readonly value: string;
}

/** What a workload may use. */
export interface WorkloadLimits {
  /** Absent: it runs for as long as it likes. */
  readonly timeLimitMs?: number;
  readonly memoryBytes: number;
  readonly graceMs: number;
  /** In thousandths of a core. */
  readonly cpuMillis: number;
  readonly storageBytes: number;
}

/** What lifecycle wants to run. */
export interface WorkloadSpec {
  readonly executionId: string;
  readonly cloneId: string;
  readonly epoch: number;
  /** Absent: it fetches inputs. */
  readonly source?: WorkloadSource;
  readonly parameters: readonly WorkloadParameter[];
  readonly limits: WorkloadLimits;
  readonly setup: WorkloadSetup;
  /** Whether the clone's storage is to be emptied before. */
  readonly freshStorage: boolean;
  /** Empty if it signs nothing. */
  readonly keyId: string;
}

/** What names an execution, and whose it is. */
export type WorkloadIds = Pick<WorkloadSpec, 'executionId' | 'cloneId' | 'epoch'>;

/** Where a workload is put. */
export interface Placement {
  readonly runtime: string;
  readonly hostId: string;
  /** Its place on the host, never shared by two that may both exist. */
  readonly slot: number;
}

type SpecOnly = 'source' | 'limits' | 'setup' | 'freshStorage';

/** A workload, as the ledger has it. */
export interface Workload extends Omit<WorkloadSpec, SpecOnly>, Omit<Placement, 'slot'> {
  /** What everything made for it outside is called. */
  readonly name: string;
  readonly state: WorkloadState;
  /** Absent for one that was removed before it was ever created. */
  readonly made?: Made;
  readonly stop?: Stop;
  readonly exit?: WorkloadExit;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
}

/** What a workload that may exist outside was made from, and where. */
export interface Made {
  readonly source?: WorkloadSource;
  readonly limits: WorkloadLimits;
  readonly setup: WorkloadSetup;
  readonly slot: number;
}

/** That a workload was asked to end. */
export interface Stop {
  readonly cause: StopCause;
  readonly at: Date;
}

type Transitions = Readonly<
  Record<WorkloadState, Readonly<Partial<Record<Signal, WorkloadState>>>>
>;

/** What follows what. A pair that is not here changes nothing. */
export const TRANSITIONS: Transitions = {
  pending: { run: 'running', stop: 'stopping', end: 'exited', remove: 'removing' },
  running: { stop: 'stopping', end: 'exited', remove: 'removing' },
  stopping: { end: 'exited', remove: 'removing' },
  exited: { remove: 'removing' },
  removing: { gone: 'removed' },
  removed: {},
};

/** The name of what is made outside: it follows from the execution and its epoch. */
function nameOf({ executionId, epoch }: Pick<WorkloadSpec, 'executionId' | 'epoch'>) {
  return `${executionId}-e${epoch}`;
}

/** A workload that nothing was made of yet. */
export function newWorkload(spec: WorkloadSpec, placement: Placement, at: Date): Workload {
  const { source, limits, setup, freshStorage: _, ...rest } = spec;
  const { slot, ...place } = placement;
  const made = { ...(source && { source }), limits, setup, slot };
  return { ...rest, ...place, name: nameOf(spec), state: 'pending', made, createdAt: at };
}

/** The trace of a workload that was removed before it was created: it never will be. */
export function neverCreated(ids: WorkloadIds, place: Omit<Placement, 'slot'>, at: Date): Workload {
  const nothing = { parameters: [], keyId: '' };
  return { ...ids, ...place, ...nothing, name: nameOf(ids), state: 'removed', createdAt: at };
}

/** The workload after what was seen of it outside. The same one if that is no news. */
export function observed(workload: Workload, seen: Observation, at: Date): Workload {
  switch (seen.state) {
    case 'absent':
    case 'created':
    case 'starting':
      return workload;
    case 'running':
    case 'finishing':
      return apply(workload, 'run', { startedAt: workload.startedAt ?? at });
    case 'exited':
      return apply(workload, 'end', { ...endOf(workload, seen.exit, seen.startedAt), endedAt: at });
  }
}

/** The workload after a request to end it. The first cause stands; too late changes nothing. */
export function stopped(workload: Workload, cause: StopCause, at: Date): Workload {
  return apply(workload, 'stop', { stop: { cause, at } });
}

/** The workload after a request to remove it. */
export function removed(workload: Workload): Workload {
  return apply(workload, 'remove', {});
}

/** The workload once nothing of it is left outside. */
export function gone(workload: Workload): Workload {
  return apply(workload, 'gone', {});
}

/** The error for an execution that must not be made: the clone has gone on without it. */
export function epochStale({ executionId, epoch }: Pick<WorkloadSpec, 'executionId' | 'epoch'>) {
  const message = `execution ${executionId} of epoch ${epoch} was superseded or removed`;
  return new PublicError('aborted', 'EPOCH_STALE', message, {
    metadata: { execution_id: executionId, epoch: String(epoch) },
  });
}

function apply(workload: Workload, signal: Signal, change: Partial<Workload>): Workload {
  const state = TRANSITIONS[workload.state][signal];
  return state ? { ...workload, ...change, state } : workload;
}

function endOf(workload: Workload, exit: WorkloadExit, started: Date | undefined) {
  const startedAt = workload.startedAt ?? started;
  return { exit: exitOf(workload, exit), ...(startedAt && { startedAt }) };
}

/** An end that nobody saw, of what was asked to stop, is that stop: it had to be killed. */
function exitOf({ stop }: Workload, exit: WorkloadExit): WorkloadExit {
  if (exit.kind !== LOST || !stop) return exit;
  return { kind: stop.cause, message: 'its runner had to be killed' };
}

const LOST: ExitKind = 'LOST';
