import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Ids, systemIds } from '@ramet/service';

const BYTES = 32;

/** Makes a folder that only we can enter. */
export function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  return path;
}

/** Writes a file that only we can read, whole or not at all. */
export function writePrivate(path: string, content: string | Buffer): void {
  const part = `${path}.part`;
  writeFileSync(part, content, { mode: 0o600 });
  renameSync(part, path);
}

/**
 * Reads a secret, or makes and keeps it the first time.
 *
 * One that is there and cannot be read is not replaced: what was sealed with it would be lost.
 */
export function keptSecret(path: string, make: () => string | Buffer = randomText): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    privateFolder(dirname(path));
    writePrivate(path, make());
    return readFileSync(path);
  }
}

/** An unpredictable word that is safe in URLs and configuration files. */
function randomText(ids: Ids = systemIds): string {
  return ids.bytes(BYTES).toString('base64url');
}
