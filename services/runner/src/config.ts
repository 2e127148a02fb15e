import { readFile } from 'node:fs/promises';
import type { Isolation, ProcessLimits } from './isolation.js';

/** What bounds a workload as a whole. */
export interface WorkloadLimits extends ProcessLimits {
  /** How long it may run; absent for as long as it likes. */
  readonly timeLimitMs?: number;
  /** How much memory all its processes may hold together. */
  readonly memoryBytes?: number;
  /** How long it has between being asked to end and being killed. */
  readonly graceMs: number;
}

/** Where the mesh is, and what proves to it whose runner this is. */
export interface MeshConfig {
  readonly lifecycleAddress: string;
  readonly keysAddress: string;
  readonly teamsAddress: string;
  /** The first token; later ones are kept in memory alone. */
  readonly token: string;
  /** Where finished spans are appended. Empty: nowhere. */
  readonly tracesDir: string;
  /** Where failpoints are armed. Empty: never. */
  readonly failpointsDir: string;
}

/** What the workload runs as, and within. */
export interface GroupConfig {
  /** Execution and epoch in one word; the name of both folders. */
  readonly name: string;
  readonly cloneId: string;
  readonly executionId: string;
  /** Program and arguments. No shell looks at them. */
  readonly command: readonly string[];
  /** The workload's own folder; its working folder is `work` in it. */
  readonly runFolder: string;
  readonly isolation: Isolation;
  readonly limits: WorkloadLimits;
  /** Where the workload finds programs. */
  readonly searchPath: string;
}

/** What an executor wants run, as it lies in config.json. */
export interface RunnerConfig extends GroupConfig {
  readonly epoch: number;
  readonly controlSocket: string;
  /** Empty: the workload signs nothing. */
  readonly keyId: string;
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  /** Absent: the runner reports to nobody, and what became of the workload is in its folder. */
  readonly mesh?: MeshConfig;
}

/** Reads what to run from its file. */
export async function readRunnerConfig(path: string): Promise<RunnerConfig> {
  return JSON.parse(await readFile(path, 'utf8')) as RunnerConfig;
}
