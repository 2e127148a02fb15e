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

/** What an executor wants run, as it lies in config.json. */
export interface RunnerConfig {
  /** Execution and epoch in one word; the name of both folders. */
  readonly name: string;
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
  /** Program and arguments. No shell looks at them. */
  readonly command: readonly string[];
  /** The workload's own folder; its working folder is `work` in it. */
  readonly runFolder: string;
  readonly controlSocket: string;
  readonly isolation: Isolation;
  readonly limits: WorkloadLimits;
  /** Where the workload finds programs. */
  readonly searchPath: string;
}

/** Reads what to run from its file. */
export async function readRunnerConfig(path: string): Promise<RunnerConfig> {
  return JSON.parse(await readFile(path, 'utf8')) as RunnerConfig;
}
