import { execFile } from 'node:child_process';

/** What is in some folders. */
export interface DiskUse {
  readonly bytes: number;
  readonly files: number;
}

const LONGEST_MS = 20_000;

/**
 * Measures what folders take of the disk. Undefined if that could not be found out in time.
 *
 * By `du`, which follows no links, counts a file with several names once, and needs no memory of
 * ours for a folder with very many names.
 */
export async function diskUse(
  folders: readonly string[],
  signal: AbortSignal,
): Promise<DiskUse | undefined> {
  const [bytes, files] = await Promise.all([
    total(['--block-size=1'], folders, signal),
    total(['--inodes'], folders, signal),
  ]);
  return bytes === undefined || files === undefined ? undefined : { bytes, files };
}

/** Folders that could not be looked into are left out: what `du` says of the others counts. */
function total(
  options: readonly string[],
  folders: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const parameters = ['-sxc', ...options, '--', ...folders];
  return new Promise((resolve) => {
    execFile('du', parameters, { signal, timeout: LONGEST_MS }, (_, stdout) => {
      const [, sum] = /^(\d+)\ttotal$/m.exec(stdout) ?? [];
      resolve(sum === undefined ? undefined : Number(sum));
    });
  });
}
