import { chmod } from 'node:fs/promises';
import { isAbsolute, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@ramet/rpc';
import type { Clock, Failpoints } from '@ramet/service';
import type { Config } from '../../config.js';
import { executionsIn, foldersOf, makeRoots, SHARED_DIRS } from './folders.js';
import { chooseIsolation } from './isolation.js';
import { ProcessRuntime } from './process-runtime.js';
import { type RunnerMeshSettings, runnerMesh } from './runner-mesh.js';
import { makeStorageRoot, storagesIn } from './storages.js';
import { claimUidBlock } from './uid-block.js';

type Settings = Pick<
  Config,
  | 'stateDir'
  | 'runDir'
  | 'storageDir'
  | 'endpointHost'
  | 'inputsAllowPrivate'
  | 'bundlesDir'
  | 'hiddenDirs'
  | 'meshDir'
  | 'insecureSharedUser'
  | 'runnerProgram'
> &
  RunnerMeshSettings;

interface Needs {
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  /** Whether runners report to nobody. */
  readonly alone?: boolean;
}

/** Where the machine keeps which executor uses which user ids. */
const UID_REGISTRY = '/run/ramet-uids';
/** Unix socket addresses end here: a longer path is cut silently, so that two could meet. */
const SOCKET_PATH_BYTES = 107;
const LONGEST_NAME = `exe_${'0'.repeat(26)}-e4294967295`;

/**
 * Gets this host ready to run workloads as processes.
 *
 * Throws if they cannot be kept apart and that was not allowed expressly, or if a path is unfit.
 */
export async function openProcessRuntime(
  settings: Settings,
  { clock, failpoints, logger, alone = false }: Needs,
): Promise<ProcessRuntime> {
  const { stateDir, runDir, bundlesDir, runnerProgram } = settings;
  assertFit(settings);
  const isolation = await chooseIsolation(settings.insecureSharedUser);
  await makeRoots({ stateDir, runDir });
  await makeStorageRoot(settings);
  await chmod(executionsIn(stateDir), 0o700);
  const uidBase = isolation === 'user' ? await claimUidBlock(stateDir, UID_REGISTRY) : 0;
  logger.info('workloads are kept apart', { isolation, uidBase });
  if (isolation === 'shared') logger.warn('workloads run as the user of the mesh');

  const { storageDir, endpointHost, inputsAllowPrivate } = settings;
  return new ProcessRuntime({
    ...{ stateDir, runDir, bundlesDir, runnerProgram, isolation, uidBase, clock, failpoints },
    ...{ storageDir, endpointHost, inputsAllowPrivate, meshDir: settings.meshDir },
    hiddenDirs: hiddenFrom(settings),
    ...(!alone && { mesh: runnerMesh(settings) }),
  });
}

function assertFit(settings: Settings): void {
  const { stateDir, runDir, bundlesDir } = settings;
  for (const path of [stateDir, runDir, bundlesDir, storagesIn(settings)]) {
    if (!isAbsolute(path)) throw new Error(`must be an absolute path: ${path}`);
  }
  const { control } = foldersOf(settings, LONGEST_NAME);
  if (Buffer.byteLength(control) > SOCKET_PATH_BYTES) {
    throw new Error(`RUN_DIR is too long for the unix sockets in it: ${settings.runDir}`);
  }
}

/** What a workload in a namespace must not see, but for what it takes to start it. */
function hiddenFrom(settings: Settings): readonly string[] {
  const { hiddenDirs, meshDir, stateDir, runDir, bundlesDir, runnerProgram } = settings;
  const needed = [process.execPath, runnerProgram, fileURLToPath(import.meta.url)];
  const isNeeded = (dir: string) => needed.some((path) => path.startsWith(dir + sep));
  const storages = storagesIn(settings);
  const dirs = [meshDir, stateDir, runDir, storages, bundlesDir, ...hiddenDirs];
  const own = dirs.filter((dir) => dir !== '');
  const unfit = own.find(isNeeded);
  if (unfit !== undefined) throw new Error(`hides the program itself: ${unfit}`);
  return [...own, ...SHARED_DIRS.filter((dir) => !isNeeded(dir))];
}
