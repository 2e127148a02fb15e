import { readFile, rm } from 'node:fs/promises';
import type { Isolation, ProcessLimits } from './isolation.js';
import type { Secrets, WorkloadSetup } from './setup.js';

/** What bounds a workload as a whole. */
export interface WorkloadLimits extends ProcessLimits {
  /** How long it may run; absent for as long as it likes. */
  readonly timeLimitMs?: number;
  /** How much memory all its processes may hold together. */
  readonly memoryBytes?: number;
  /** How much its clone's storage may hold, but for the inputs. */
  readonly storageBytes?: number;
  /** How long it has between being asked to end and being killed. */
  readonly graceMs: number;
}

/** Where the mesh is, and what proves to it whose runner this is. */
export interface MeshConfig {
  readonly lifecycleAddress: string;
  readonly keysAddress: string;
  readonly teamsAddress: string;
  /** Who must have signed what this process is shown, as PEM. Empty: it calls in plaintext. */
  readonly authority?: string;
  /** The first token; later ones are kept in memory alone. */
  readonly token: string;
  /** Where finished spans are appended. Empty: nowhere. */
  readonly tracesDir: string;
  /** Where failpoints are armed. Empty: never. */
  readonly failpointsDir: string;
}

/** The storage of a clone, which outlives its executions. */
export interface StorageConfig {
  readonly folder: string;
  /** The epoch for which it was last asked to be emptied. */
  readonly freshEpoch: number;
  /** The users that workloads of this host may have, by the first and their number. */
  readonly uidBase: number;
  readonly uids: number;
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
  /** Variables of the workload's environment, beside those that all have. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The parts of the storage, where a namespace has to show them. */
  readonly mounts?: StorageMounts;
}

/** What of a storage a workload sees, and what of that it may change. */
export interface StorageMounts {
  readonly folder: string;
  readonly writable: readonly string[];
}

/** What an executor wants run, as it lies in config.json. */
export interface RunnerConfig extends GroupConfig {
  readonly epoch: number;
  readonly controlSocket: string;
  /** Empty: the workload signs nothing. */
  readonly keyId: string;
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  readonly storage: StorageConfig;
  readonly setup: WorkloadSetup;
  /** What stands for this host in the addresses of what the workload listens on. */
  readonly endpointHost: string;
  /** Whether inputs may come from private and loopback addresses. */
  readonly inputsAllowPrivate: boolean;
  /** Absent: the runner reports to nobody, and what became of the workload is in its folder. */
  readonly mesh?: MeshConfig;
}

/** Reads what to run from its file. */
export async function readRunnerConfig(path: string): Promise<RunnerConfig> {
  return JSON.parse(await readFile(path, 'utf8')) as RunnerConfig;
}

/** Secrets of an execution that has none. */
export const NO_SECRETS: Secrets = { overrides: [], inputs: [] };

/** Reads what only the workload or this process may know, and removes the file. */
export async function takeSecrets(path: string): Promise<Secrets> {
  const secrets = JSON.parse(await readFile(path, 'utf8')) as Secrets;
  await rm(path, { force: true });
  return secrets;
}
