import type { CompletionReport } from '@ramet/proto-gen/lifecycle.v1';

/** Why a workload is no longer running. */
export type ExitKind =
  | 'EXITED'
  | 'SIGNALED'
  | 'OUT_OF_MEMORY'
  | 'TIMED_OUT'
  | 'STOPPED'
  | 'INTERRUPTED'
  | 'START_FAILED'
  | 'DISK_FULL';

/** How a workload ended: the truth about its exit, written once to exit.json. */
export interface ExitRecord {
  readonly kind: ExitKind;
  /** Present if the main process ended by itself. */
  readonly exit_code?: number;
  /** Present if a signal ended the main process. */
  readonly signal?: string;
  /** What went wrong, where the kind alone does not say it. */
  readonly message?: string;
  /** What the workload said of its own end, if it did. */
  readonly report?: CompletionReport;
  readonly started_at?: string;
  readonly ended_at: string;
}

/** How the main process itself ended, as its parent saw it. */
export interface Exit {
  readonly exitCode?: number;
  readonly signal?: string;
  /** Set if it could not be started at all. */
  readonly failure?: string;
}

/** What ends a workload from outside. The first one to act gives the record its kind. */
export type Cause = Extract<
  ExitKind,
  'OUT_OF_MEMORY' | 'DISK_FULL' | 'TIMED_OUT' | 'STOPPED' | 'INTERRUPTED'
>;

/** The kind of an ending: what was done to the workload counts before how it went. */
export function kindOf(exit: Exit, cause: Cause | undefined): ExitKind {
  if (exit.failure !== undefined) return 'START_FAILED';
  if (cause !== undefined) return cause;
  return exit.signal === undefined ? 'EXITED' : 'SIGNALED';
}
