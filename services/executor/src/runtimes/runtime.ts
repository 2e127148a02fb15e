/** What a runtime is given to run: one execution of a clone. */
export interface WorkloadSpec {
  /** The name of everything made for it outside, from the execution and the epoch. */
  readonly name: string;
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
  readonly source: WorkloadSource;
  readonly parameters: readonly WorkloadParameter[];
  readonly limits: WorkloadLimits;
  /** Empty if it signs nothing. */
  readonly keyId: string;
  /** The place among the workloads of its host, never shared by two that may both exist. */
  readonly slot: number;
}

/** What a workload is made of. */
export interface WorkloadSource {
  readonly bundle: string;
  readonly command: readonly string[];
}

/** A named value that a workload is told. */
export interface WorkloadParameter {
  readonly name: string;
  readonly value: string;
}

/** What a workload may use. */
export interface WorkloadLimits {
  readonly timeLimitMs: number;
  readonly memoryBytes: number;
  readonly graceMs: number;
}

/** How a workload ended. `LOST`: it is gone, and nobody saw how. */
export type ExitKind =
  | 'EXITED'
  | 'SIGNALED'
  | 'STOPPED'
  | 'OUT_OF_MEMORY'
  | 'TIMED_OUT'
  | 'INTERRUPTED'
  | 'START_FAILED'
  | 'LOST';

/** The end of a workload, as it was observed. */
export interface WorkloadExit {
  readonly kind: ExitKind;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly message?: string;
}

/**
 * What is to be seen of a workload outside.
 *
 * `created`: something of it exists, but nothing has been started. Nothing of an exited one runs.
 */
export type Observation =
  | { readonly state: 'absent' | 'created' | 'starting' | 'running' }
  | { readonly state: 'exited'; readonly exit: WorkloadExit };

/** Why a workload is asked to end. */
export type StopCause = 'STOPPED' | 'INTERRUPTED';

/** One line that a workload printed. */
export interface LogLine {
  /** Rises by one; a gap means that lines were dropped. */
  readonly number: number;
  readonly stream: 'stdout' | 'stderr';
  readonly time: Date;
  readonly text: Buffer;
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
  /** Makes a workload run. The token is for its runner, and is kept nowhere else. */
  start(spec: WorkloadSpec, token: string): Promise<void>;
  observe(name: string): Promise<Observation>;
  /** Asks a workload to end, and has it killed after the grace. Returns before it has ended. */
  stop(name: string, cause: StopCause, graceMs: number): Promise<void>;
  /** Ends a workload if it runs, and removes all that is left of it. */
  remove(name: string): Promise<void>;
  /** The names of all workloads of which anything exists. */
  list(): Promise<readonly string[]>;
  /** The lines of a log, in order, some at a time. */
  logs(name: string, range: LogRange): AsyncGenerator<readonly LogLine[]>;
}
