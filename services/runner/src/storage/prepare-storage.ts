import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeAtomically } from '@ramet/service';
import type { RunnerConfig, StorageConfig } from '../config.js';
import { give, readableMode, type UserRange } from './owners.js';

/** Where the parts of a clone's storage are. */
export interface StoragePaths {
  readonly folder: string;
  /** What was fetched: not the workload's to change. */
  readonly inputs: string;
  readonly data: string;
  /** One folder per stage; all but the own one are not the workload's to change. */
  readonly outputs: string;
  /** That of the own stage. */
  readonly output: string;
}

/** What was done to a storage last, as it lies in it. */
interface StorageRecord {
  readonly fresh_epoch: number;
  readonly uid_base: number;
}

const run = promisify(execFile);

/** The parts of a storage. */
function storagePaths(folder: string, stage: string): StoragePaths {
  const outputs = join(folder, 'outputs');
  return {
    folder,
    outputs,
    inputs: join(folder, 'inputs'),
    data: join(folder, 'data'),
    output: join(outputs, stage),
  };
}

/**
 * Has a clone's storage ready for an execution: emptied if that was asked for, and its parts the
 * workload's own or out of its reach. Nothing else of the clone may run.
 *
 * Only this process does so: it owns the execution, and no other of the clone is started before.
 */
export async function prepareStorage({
  storage,
  setup,
  isolation,
}: Pick<RunnerConfig, 'storage' | 'setup' | 'isolation'>): Promise<StoragePaths> {
  const paths = storagePaths(storage.folder, setup.stage);
  const record = join(storage.folder, '.record.json');
  const before = await readRecord(record);
  if (storage.freshEpoch > (before?.fresh_epoch ?? 0)) await empty(paths);

  for (const folder of [paths.inputs, paths.data, paths.outputs, paths.output]) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
  }
  await chmod(paths.inputs, 0o555);
  if (isolation.mode === 'user') await apportion(paths, storage, isolation.uid, before);
  const { freshEpoch, uidBase } = storage;
  const after: StorageRecord = {
    fresh_epoch: Math.max(freshEpoch, before?.fresh_epoch ?? 0),
    uid_base: uidBase,
  };
  if (JSON.stringify(before) !== JSON.stringify(after)) {
    await writeAtomically(record, JSON.stringify(after));
  }
  return paths;
}

/**
 * Gives each part to whom it belongs. The folder itself lets in the group of this workload alone.
 *
 * What is sealed belongs to the last user of the block, which nothing runs as: so that it can be
 * told from what a workload has linked here, and given back to its stage.
 */
async function apportion(
  { folder, data, outputs, output }: StoragePaths,
  { uidBase, uids }: StorageConfig,
  uid: number,
  before: StorageRecord | undefined,
): Promise<void> {
  const own: UserRange = { first: uidBase, count: uids };
  const from = before && before.uid_base > 0 ? [own, { ...own, first: before.uid_base }] : [own];
  const keeper = uidBase + uids - 1;
  const self = process.getuid?.() ?? 0;
  await chown(folder, self, uid);
  await chmod(folder, 0o710);
  await give(data, { uid, gid: uid, from });
  for (const stage of await readdir(outputs)) {
    const path = join(outputs, stage);
    if (path === output) await give(path, { uid, gid: uid, from });
    else await give(path, { uid: keeper, gid: uid, mode: readableMode, from });
  }
}

async function empty({ inputs, data, outputs }: StoragePaths): Promise<void> {
  const remove = () => run('rm', ['-rf', '--one-file-system', '--', inputs, data, outputs]);
  await remove().catch(async () => {
    // A folder that its owner may not look into is not removed before it is opened up.
    await run('chmod', ['-R', 'u+rwX', '--', inputs, data, outputs]).catch(() => undefined);
    await remove();
  });
}

async function readRecord(path: string): Promise<StorageRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StorageRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
