import { readFileSync, statSync } from 'node:fs';
import { SEALING_KEY_BYTES } from './sealer.js';

/**
 * Takes the path of a file with sealing keys, which nobody else may read: one per line, as base64.
 *
 * The first one seals. Errors name the path and the line, never what stands there.
 */
export function sealingKeysFile(path: string): readonly Buffer[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new Error(`must name a file that only its owner can read (0600): ${path}`);
  }
  const keys = lines.flatMap((line, index) => {
    const text = line.trim();
    return text === '' ? [] : [keyOf(text, `${path}:${index + 1}`)];
  });
  if (keys.length === 0) throw new Error(`names an empty file: ${path}`);
  return keys;
}

function keyOf(text: string, place: string): Buffer {
  const key = Buffer.from(text, 'base64');
  // Node skips what is no base64: only what reads back is what was written.
  if (key.length !== SEALING_KEY_BYTES || key.toString('base64') !== text) {
    throw new Error(`must hold keys of ${SEALING_KEY_BYTES} bytes as base64: ${place}`);
  }
  return key;
}
