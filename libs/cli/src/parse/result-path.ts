import { UsageError } from '../usage-error.js';

const MOST_BYTES = 200;
// What a file system takes for a path, a terminal for a command, or Windows for a device.
const BAD = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\\:*?"<>|]/gu;
const ONLY_DOTS = /^\.+$/;
const TRAILING = /[. ]+$/;

/**
 * The path at which a result is put into a folder, as the names of folders and of the file.
 *
 * Names come from workloads: what could lead out of the folder, or is no name of a file everywhere,
 * is replaced by `_`. Throws UsageError for a name that has nothing in it.
 */
export function resultPath(name: string): readonly string[] {
  const segments = name.split('/').filter((segment) => segment !== '');
  if (segments.length === 0) throw new UsageError(`a result has no name: '${name}'`);
  return segments.map(safe);
}

function safe(segment: string): string {
  const cleaned = segment.replace(BAD, '_');
  const named = ONLY_DOTS.test(cleaned) ? '_'.repeat(cleaned.length) : cleaned;
  return cut(named).replace(TRAILING, (tail) => '_'.repeat(tail.length));
}

function cut(text: string): string {
  let kept = '';
  let size = 0;
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > MOST_BYTES) return kept;
    kept += character;
  }
  return kept;
}
