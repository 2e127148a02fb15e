import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Roots } from './folders.js';
import { removeTree } from './remove-tree.js';

/**
 * The storages of clones on this host: a folder each, named by the clone.
 *
 * Whom a folder is open to, its runner sees to at each start of an execution; here it is made and
 * removed. Nobody but the mesh's user may list or change what lies beside it.
 */
export class StorageFolders {
  readonly #root: string;

  constructor(roots: Roots) {
    this.#root = storagesIn(roots);
  }

  /** The folder of a clone's storage. */
  folderOf(cloneId: string): string {
    if (!isCloneName(cloneId)) throw new Error(`not the name of a clone: ${cloneId}`);
    return join(this.#root, cloneId);
  }

  /** Makes a clone's folder, for nobody yet. Repeatable: what is there stays as it is. */
  async make(cloneId: string): Promise<string> {
    const folder = this.folderOf(cloneId);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** The clones of whose storages anything exists. */
  async list(): Promise<readonly string[]> {
    return (await readdir(this.#root)).filter(isCloneName).sort();
  }

  /** Removes a clone's folder with all that is in it. */
  async remove(cloneId: string): Promise<void> {
    await removeTree(this.folderOf(cloneId));
  }
}

/** The folder that holds the storages of all clones. */
export function storagesIn({ storageDir, runDir }: Roots): string {
  return storageDir === '' ? join(runDir, '.storage') : storageDir;
}

/** Makes the folder that holds them. Others may pass through it, but not look around in it. */
export async function makeStorageRoot(roots: Roots): Promise<void> {
  const root = storagesIn(roots);
  await mkdir(root, { recursive: true });
  // Whatever mask this process was started with.
  await chmod(root, 0o711);
}

function isCloneName(name: string): boolean {
  return /^cln_[a-z0-9]+$/.test(name);
}
