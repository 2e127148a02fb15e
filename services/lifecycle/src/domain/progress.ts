import type { Endpoint, Metric } from './clone.js';
import type { Health } from './facts.js';

/** How far a running workload is, in its own words. */
export interface Progress {
  /** Rises with every report of an execution. */
  readonly sequence: bigint;
  readonly fraction?: number;
  readonly message: string;
  readonly metrics: readonly Metric[];
  readonly reportedAt: Date;
}

/** What the runner of an execution has said last. */
export interface RunnerNews {
  readonly executionId: string;
  readonly heartbeatAt: Date;
  readonly progress?: Progress;
}

/** What a runner reports: that it lives, and maybe how far its workload is. */
export interface RunnerReport {
  readonly executionId: string;
  readonly epoch: number;
  /** Names the runner: the first one that claims the execution is the only one that may run it. */
  readonly instance: string;
  readonly isClaim: boolean;
  readonly progress?: Omit<Progress, 'reportedAt'>;
  /** What its probe has found last. */
  readonly health?: Health;
  /** Where its workload can be reached: with the claim. */
  readonly endpoints?: readonly Endpoint[];
}
