/** How a workload ended. `LOST`: it is gone, and nobody saw how. */
export type ExitKind =
  | 'EXITED'
  | 'SIGNALED'
  | 'STOPPED'
  | 'OUT_OF_MEMORY'
  | 'TIMED_OUT'
  | 'INTERRUPTED'
  | 'START_FAILED'
  | 'LOST'
  | 'DISK_FULL';

/** The end of a workload, as it was observed. */
export interface WorkloadExit {
  readonly kind: ExitKind;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly message?: string;
  /** What the workload itself said of its end. */
  readonly report?: EndReport;
}

/** The last word of a workload, as its runner wrote it down. */
export interface EndReport {
  readonly success: boolean;
  readonly message: string;
  readonly metrics: readonly EndMetric[];
}

/** A named figure of a last word. */
export interface EndMetric {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/**
 * What is to be seen of a workload outside.
 *
 * `created`: something of it exists, but nothing has been started. `finishing`: nothing of it runs
 * any more, but its runner, which sends what it left. Nothing of an exited one runs.
 */
export type Observation =
  | { readonly state: 'absent' | 'created' | 'starting' | 'running' | 'finishing' }
  | { readonly state: 'exited'; readonly exit: WorkloadExit; readonly startedAt?: Date };

/** Why a workload is asked to end. */
export type StopCause = 'STOPPED' | 'INTERRUPTED';
