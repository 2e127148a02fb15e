import { dirname } from 'node:path';
import type { WorkloadSetup } from '../../domain/setup.js';
import type { MadeWorkload, Start } from '../runtime.js';
import type { ExecutionFolders } from './folders.js';
import type { IsolationMode } from './isolation.js';
import { UIDS_PER_BLOCK } from './uid-block.js';

/** Where a runner finds the mesh. */
export interface RunnerMesh {
  readonly lifecycleAddress: string;
  readonly keysAddress: string;
  readonly teamsAddress: string;
  /** Who must have signed what it is shown, as PEM. Empty: it calls in plaintext, on loopback. */
  readonly authority: string;
  readonly tracesDir: string;
  readonly failpointsDir: string;
}

/** The storage of a clone, as the runner of one of its executions is told of it. */
export interface RunnerStorage {
  readonly folder: string;
  /** The epoch for which it was last asked to be emptied. */
  readonly freshEpoch: number;
  /** The users that workloads of this host may have, by the first; the last keeps what is sealed. */
  readonly uidBase: number;
  readonly uids: number;
}

/** What a runner is told, in config.json. The one place outside memory that has the token. */
export interface RunnerConfig {
  readonly name: string;
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
  readonly command: readonly string[];
  readonly runFolder: string;
  readonly controlSocket: string;
  readonly isolation: Isolation;
  readonly limits: RunnerLimits;
  readonly searchPath: string;
  readonly keyId: string;
  readonly parameters: MadeWorkload['parameters'];
  readonly storage: RunnerStorage;
  readonly setup: WorkloadSetup;
  readonly endpointHost: string;
  readonly inputsAllowPrivate: boolean;
  readonly mesh?: RunnerMesh & { readonly token: string };
}

interface RunnerLimits {
  readonly timeLimitMs?: number;
  readonly memoryBytes: number;
  readonly graceMs: number;
  readonly storageBytes: number;
  readonly processes: number;
  readonly openFiles: number;
  readonly fileBytes: number;
}

type Isolation =
  | { readonly mode: 'user'; readonly uid: number }
  | { readonly mode: 'namespace'; readonly hidden: readonly string[] }
  | { readonly mode: 'shared' };

interface Setup {
  readonly isolation: IsolationMode;
  readonly uidBase: number;
  readonly hiddenDirs: readonly string[];
  readonly endpointHost: string;
  readonly inputsAllowPrivate: boolean;
  readonly mesh?: RunnerMesh;
}

/** Where what a runner is told lies. */
interface Places {
  readonly folders: ExecutionFolders;
  readonly storage: string;
}

const PROCESSES = 256;
const OPEN_FILES = 1_024;
const FILE_BYTES = 1024 * 1024 * 1024;
const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin';

/** What the runner of a workload is told. */
export function runnerConfig(
  { isolation, uidBase, hiddenDirs, mesh, endpointHost, inputsAllowPrivate }: Setup,
  { folders, storage }: Places,
  { workload, token, freshEpoch }: { readonly workload: MadeWorkload } & Omit<Start, 'secrets'>,
): RunnerConfig {
  const { name, cloneId, executionId, epoch, keyId, parameters } = workload;
  const { source, limits, setup, slot } = workload.made;
  return {
    ...{ name, cloneId, executionId, epoch, keyId, parameters },
    ...{ setup, endpointHost, inputsAllowPrivate },
    storage: { folder: storage, freshEpoch, uidBase, uids: UIDS_PER_BLOCK },
    command: source?.command ?? [],
    runFolder: folders.run,
    controlSocket: folders.control,
    isolation: isolationFor(isolation, uidBase + slot, hiddenDirs),
    limits: {
      ...{ ...limits, processes: PROCESSES, openFiles: OPEN_FILES },
      fileBytes: Math.max(FILE_BYTES, limits.storageBytes),
    },
    searchPath: `${SYSTEM_PATH}:${dirname(process.execPath)}`,
    ...(mesh && { mesh: { ...mesh, token } }),
  };
}

/** The user of a workload that has one of its own. */
export function uidOf(isolation: Isolation): number | undefined {
  return isolation.mode === 'user' ? isolation.uid : undefined;
}

function isolationFor(mode: IsolationMode, uid: number, hidden: readonly string[]): Isolation {
  switch (mode) {
    case 'user':
      return { mode, uid };
    case 'namespace':
      return { mode, hidden };
    case 'shared':
      return { mode };
  }
}
