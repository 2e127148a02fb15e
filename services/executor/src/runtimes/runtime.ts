import type { LogLine } from '../domain/log-line.js';
import type { Observation, StopCause } from '../domain/observation.js';
import type { WorkloadSecrets } from '../domain/setup.js';
import type { Made, Workload } from '../domain/workload.js';

/** A workload that may exist outside. */
export type MadeWorkload = Workload & { readonly made: Made };

/** What a start needs beside the workload. */
export interface Start {
  /** For the workload's runner, and kept nowhere else. */
  readonly token: string;
  /** Likewise. */
  readonly secrets: WorkloadSecrets;
  /** The clone's storage is emptied first, unless it was for this epoch or a later one. */
  readonly freshEpoch: number;
}

/** Which lines of a log to read. */
export interface LogRange {
  readonly after: number;
  /** Only so many of the last ones that are there; all if absent. */
  readonly tail?: number;
  /** Whether to wait for more until the workload has ended. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/**
 * A place where workloads run: the only way from the executor to what is outside.
 *
 * Every call but `logs` may be repeated, and finishes what an earlier one left half done.
 */
export interface Runtime {
  readonly name: string;
  /** Makes a workload run, in its clone's storage. Nothing else of the clone may run. */
  start(workload: MadeWorkload, start: Start): Promise<void>;
  observe(name: string): Promise<Observation>;
  /** Asks a workload to end, and has it killed after the grace. Returns before it has ended. */
  stop(name: string, cause: StopCause, graceMs: number): Promise<void>;
  /** Whether nothing runs for a workload any more, not even what tells of its end. */
  isQuiet(name: string): Promise<boolean>;
  /** Ends at once what does not listen any more. How it ended is then not known. */
  kill(name: string): Promise<void>;
  /** Ends a workload if it runs, and removes all that is left of it. */
  remove(name: string): Promise<void>;
  /** The names of all workloads of which anything exists. */
  list(): Promise<readonly string[]>;
  /** Ends what runs for none of these workloads, of which nothing can be listed any more. */
  sweep(names: ReadonlySet<string>): Promise<void>;
  /** The clones of whose storages anything exists. */
  listStorages(): Promise<readonly string[]>;
  /** Removes all that is left of a clone's storage. Nothing of the clone may run. */
  removeStorage(cloneId: string): Promise<void>;
  /** The lines of a log, in order, some at a time. */
  logs(name: string, range: LogRange): AsyncGenerator<readonly LogLine[]>;
}
