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
  | { readonly state: 'exited'; readonly exit: WorkloadExit; readonly startedAt?: Date };

/** Why a workload is asked to end. */
export type StopCause = 'STOPPED' | 'INTERRUPTED';
