import { open } from 'node:fs/promises';
import { BlobStoreUnavailableError } from '../errors.js';

/** Whether a file or folder was not there. */
export function isMissing(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Brings a folder's entries to the disk. A folder that is gone again has none. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r');
    await folder.sync();
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
}

/** Does what only a disk that cannot be used makes fail. */
export async function onDisk<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    throw new BlobStoreUnavailableError(thrown);
  }
}
