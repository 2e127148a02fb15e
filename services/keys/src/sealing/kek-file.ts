import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { type KekProvider, keksOf, MOST_BYTES } from './kek-provider.js';

const OTHERS = 0o077;

/**
 * Reads key-encryption keys from a file that only its owner may read: 32 bytes each, the newest
 * first. To be replaced as a whole, by renaming another one over it.
 */
export function kekFile(path: string): KekProvider {
  let known = '';
  return {
    name: `KEK_FILE ${path}`,
    hasChanged: () => stampOf(path) !== known,
    async read() {
      known = stampOf(path);
      return keksOf(contentOf(path));
    },
  };
}

/** The bytes, for the caller to zero: one more than there may be, at most. */
function contentOf(path: string): Buffer {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(MOST_BYTES + 1);
  try {
    if ((fstatSync(file).mode & OTHERS) !== 0) {
      throw new Error('must be a file that only its owner can read (0600)');
    }
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** Differs when the file was replaced or written; empty if it cannot be looked at. */
function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev}/${stat.ino}/${stat.size}/${stat.mtimeNs}/${stat.ctimeNs}` : '';
}
