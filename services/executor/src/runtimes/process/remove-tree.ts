import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Removes a file or a folder with all that is in it, if it is there.
 *
 * By `rm`, which follows no links and gets to the bottom of folders that a workload has nested
 * deeper than a path may be long.
 */
export async function removeTree(path: string): Promise<void> {
  await run('rm', ['-rf', '--one-file-system', '--', path]);
}
