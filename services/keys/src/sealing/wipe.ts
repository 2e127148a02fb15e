import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects garbage, so that keys nobody refers to are gone from memory.
 *
 * OpenSSL zeroes the memory of a key when the last reference to it is collected, and V8 would do that
 * when it likes. Keys that were in use live long: only a full collection finds them.
 */
export function wipe(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect !== 'function') throw new Error('this Node cannot collect on demand');
  collect();
}
