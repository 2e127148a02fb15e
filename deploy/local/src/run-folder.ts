import { chmodSync, lstatSync, mkdirSync, rmdirSync } from 'node:fs';

/**
 * Makes the folder for sockets and work folders, in a place where anybody may make folders.
 *
 * Workloads pass through it and cannot list it. Throws if somebody else has taken its name.
 */
export function makeRunFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(`${path} belongs to somebody else`);
  }
  chmodSync(path, 0o711);
}

/** Removes the folder when nothing is left in it. What is left belongs to the executor. */
export function removeRunFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Not empty, or gone.
  }
}
