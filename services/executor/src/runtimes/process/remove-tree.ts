import { execFile } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Removes a file or a folder with all that is in it, if it is there.
 *
 * By `rm`, which follows no links and gets to the bottom of folders that a workload has nested
 * deeper than a path may be long.
 */
export async function removeTree(path: string): Promise<void> {
  const remove = () => run('rm', ['-rf', '--one-file-system', '--', path]);
  await remove().catch(async () => {
    // A folder that its owner may not look into, or change, is opened up first.
    await run('chmod', ['-R', 'u+rwX', '--', path]).catch(() => undefined);
    await remove();
  });
}

/**
 * Removes what a user has left in folders that any program may write to.
 *
 * The next workload may be given the same user: nothing of this one is to be there for it. No
 * process of the user may run any more.
 */
export async function removeOwned(folders: readonly string[], uid: number): Promise<void> {
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const found = await lstat(path).catch(() => undefined);
      if (found?.uid === uid) await removeTree(path);
    }
  }
}
