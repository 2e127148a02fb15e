import { link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a whole file so that a reader, or a crash, finds either all of it or what was there.
 *
 * The content is on the disk when this returns. Readable by its owner alone. One writer at a
 * time per path.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const unfinished = `${path}.tmp`;
  await using file = await open(unfinished, 'w', 0o600);
  await file.writeFile(content);
  await file.sync();
  await rename(unfinished, path);
  await syncFolder(dirname(path));
}

/**
 * Makes a whole file where there is none. Says whether it was made: false if one was there.
 *
 * Of many that try, exactly one gets true, and nobody ever reads half of it.
 */
export async function createExclusively(path: string, content: string): Promise<boolean> {
  const unfinished = `${path}.${process.pid}.tmp`;
  await writeAtomically(unfinished, content);
  try {
    await link(unfinished, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(unfinished);
  }
}

/** Brings a folder's entries to the disk, so that a new name survives a crash. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
