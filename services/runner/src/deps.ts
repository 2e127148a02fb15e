import type { Failpoints, Ids } from '@ramet/service';
import type { RunnerConfig } from './config.js';
import type { Cause } from './exit-record.js';
import type { Mesh } from './mesh.js';
import type { Reports } from './reports.js';

/** What the handlers of a runner may use. */
export interface Deps {
  readonly config: RunnerConfig;
  readonly reports: Reports;
  readonly ids: Ids;
  readonly failpoints: Failpoints;
  /** Absent for a workload that runs apart from any mesh. */
  readonly mesh: Pick<Mesh, 'sign'> | undefined;
  /** Lets the next heartbeat come soon. */
  wakeHeart(): void;
  /** Tries for a short while to pass on what the workload said of its end. */
  passOnCompletion(): Promise<void>;
  /** Ends the workload, or keeps it from being started. */
  stop(cause: Cause, graceMs: number): void;
}
