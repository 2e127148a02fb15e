import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, opendir } from 'node:fs/promises';

/** Something found in a folder that a workload has written to. */
export interface Found {
  /** Where it is now: through the open folder that it lies in. Good until the next one is asked for. */
  readonly path: Buffer;
  /** The names on the way to it, below the folder that was asked for. */
  readonly names: readonly Buffer[];
  readonly stats: Stats;
  /** Of a folder: whether it was looked into. */
  readonly isOpened: boolean;
}

/** How deep a folder is looked into. Each level holds a file open. */
const DEPTH = 100;

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Finds all that is in a folder, folders after what is in them; the folder itself is not among it.
 *
 * No link is followed, not even one that takes the place of a folder meanwhile: each folder is held
 * open, and what is in it is reached through that. What lies deeper than `DEPTH` is left out, but
 * the folder at that depth is found.
 */
export async function* walk(folder: string | Buffer): AsyncGenerator<Found> {
  const handle = await open(folder, FOLDER);
  yield* walkIn(handle, []);
}

async function* walkIn(folder: FileHandle, above: readonly Buffer[]): AsyncGenerator<Found> {
  try {
    for await (const name of namesIn(folder)) {
      const path = Buffer.concat([Buffer.from(`/proc/self/fd/${folder.fd}/`), name]);
      const stats = await lstat(path).catch(() => undefined);
      if (!stats) continue;
      const names = [...above, name];
      const isNear = stats.isDirectory() && names.length < DEPTH;
      const inner = isNear ? await open(path, FOLDER).catch(() => undefined) : undefined;
      if (inner) yield* walkIn(inner, names);
      yield { path, names, stats, isOpened: inner !== undefined };
    }
  } finally {
    await folder.close();
  }
}

/** A folder may hold more names than memory: they are read some at a time. */
async function* namesIn({ fd }: FileHandle): AsyncGenerator<Buffer> {
  // The declared type knows names as text alone.
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: 256 };
  const entries = await opendir(`/proc/self/fd/${fd}`, options);
  for await (const { name } of entries) yield Buffer.from(name);
}
