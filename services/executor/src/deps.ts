import type { Database } from '@ramet/database';
import type { Logger } from '@ramet/rpc';
import type { Failpoints } from '@ramet/service';
import type { WorkloadSecrets } from './domain/setup.js';
import type { WorkloadIds } from './domain/workload.js';
import type { Runtime } from './runtimes/runtime.js';
import type { Storages } from './store/storages.js';
import type { Workloads } from './store/workloads.js';
import type { Vigil } from './vigil.js';

export type { DueStorage, DueWorkload } from './store/queue.js';

/** Everything the handlers and the reconciler use. service.ts builds it; each takes its part. */
export interface Deps {
  readonly workloads: Workloads;
  readonly storages: Storages;
  readonly history: Database;
  readonly runtime: Runtime;
  readonly tokens: WorkloadTokens;
  readonly secrets: ExecutionSecrets;
  readonly vigil: Vigil;
  readonly hostId: string;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  /** Has the reconciler look for what is due. */
  readonly wake: () => void;
}

/** Where the tokens of workloads come from. */
export interface WorkloadTokens {
  /** Makes the token of one execution. Repeatable. */
  mint(ids: WorkloadIds, signal: AbortSignal): Promise<string>;
}

/** Where the secrets of executions come from. */
export interface ExecutionSecrets {
  /** What an execution may know and nobody else. Asked at each start, and kept nowhere. */
  get(ids: WorkloadIds, signal: AbortSignal): Promise<WorkloadSecrets>;
}
