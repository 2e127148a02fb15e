import type { Stats } from 'node:fs';
import { walk } from '../storage/walk.js';

/** A file of the output folder, as it was found. */
export interface Output {
  /** Where it is below the folder, with `/` between its parts. */
  readonly name: string;
  readonly inode: { readonly dev: number; readonly ino: number };
  readonly sizeBytes: number;
}

/** What an output folder holds. */
export interface FoundOutputs {
  readonly outputs: readonly Output[];
  /** What is not sent, and why, in words for the clone's owner. The first so many. */
  readonly skipped: readonly string[];
  readonly skippedCount: number;
}

const FILES = 10_000;
const NAME_BYTES = 1_024;
const NAMED = 100;
/** How many things are looked at, whatever they are. */
const LOOKS = 100_000;

/**
 * Finds what to send of an output folder: the plain files that belong to its user.
 *
 * A workload can leave links, pipes, and names that are no text, and names of other people's files;
 * none of them is sent, or even opened.
 */
export async function findOutputs(folder: string, uid: number): Promise<FoundOutputs> {
  const outputs: Output[] = [];
  const skipped: string[] = [];
  let skippedCount = 0;
  const skip = (name: string, why: string): void => {
    skippedCount += 1;
    if (skipped.length < NAMED) skipped.push(`${JSON.stringify(name)} ${why}`);
  };
  let looks = 0;
  for await (const { names, stats, isOpened } of walk(folder)) {
    looks += 1;
    const path = Buffer.concat(names.flatMap((name) => [SLASH, name]).slice(1));
    if (looks > LOOKS) {
      skip('...', `and what comes after the first ${LOOKS} things was not looked at`);
      break;
    }
    if (stats.isDirectory() && isOpened) continue;
    const why =
      whyNot(path, stats, uid) ?? (outputs.length < FILES ? undefined : 'is one too many');
    if (why !== undefined) skip(path.toString(), why);
    else {
      const { dev, ino, size } = stats;
      outputs.push({ name: path.toString(), inode: { dev, ino }, sizeBytes: size });
    }
  }
  outputs.sort((one, other) => (one.name < other.name ? -1 : 1));
  return { outputs, skipped, skippedCount };
}

const SLASH = Buffer.from('/');

function whyNot(path: Buffer, stats: Stats, uid: number): string | undefined {
  if (stats.isDirectory()) return 'is a folder that was not looked into';
  if (stats.isSymbolicLink()) return 'is a link';
  if (!stats.isFile()) return 'is no file';
  if (stats.uid !== uid) return 'is not its own';
  if (path.length > NAME_BYTES) return 'has too long a name';
  return isText(path) ? undefined : 'has a name that is no UTF-8';
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes);
}
