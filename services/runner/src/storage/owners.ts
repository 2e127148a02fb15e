import { constants, type Stats } from 'node:fs';
import { type FileHandle, lchown, open } from 'node:fs/promises';
import { type Found, walk } from './walk.js';

/** The users that workloads of this host may have, or had. */
export interface UserRange {
  readonly first: number;
  readonly count: number;
}

interface Giving {
  readonly uid: number;
  readonly gid: number;
  /** What a file or folder may be used for then. Absent: as before. */
  readonly mode?: (stats: Stats) => number;
  /** Only what belongs to one of these is touched. */
  readonly from: readonly UserRange[];
}

const HERE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Gives a folder, with all in it, to a user. Nothing of the clone may run.
 *
 * Whatever does not belong to a workload's user stays as it is: a link that a workload has made to
 * somebody else's file is not its file. Links are given, not what they lead to.
 */
export async function give(folder: string, giving: Giving): Promise<void> {
  for await (const found of walk(folder)) await giveOne(found, giving);
  // Last, so that one that was left half done is known by it.
  await using handle = await open(folder, HERE | constants.O_DIRECTORY);
  await giveOpen(handle, giving, () => true);
}

/** What lies in a folder that no workload may change any more, but the next one may read. */
export function readableMode(stats: Stats): number {
  if (stats.isDirectory()) return 0o750;
  return (stats.mode & 0o100) === 0 ? 0o640 : 0o750;
}

async function giveOne({ path, stats }: Found, giving: Giving): Promise<void> {
  if (!isOf(stats, giving.from)) return;
  if (!stats.isFile() && !stats.isDirectory()) return lchown(path, giving.uid, giving.gid);
  await using handle = await open(path, HERE).catch(() => undefined);
  if (handle) await giveOpen(handle, giving, (now) => isOf(now, giving.from));
}

/** Looks once more, at what is open now. */
async function giveOpen(
  handle: FileHandle,
  { uid, gid, mode }: Giving,
  isOurs: (stats: Stats) => boolean,
): Promise<void> {
  const stats = await handle.stat();
  if (!isOurs(stats)) return;
  if (stats.uid !== uid || stats.gid !== gid) await handle.chown(uid, gid);
  if (mode && (stats.mode & 0o7777) !== mode(stats)) await handle.chmod(mode(stats));
}

function isOf({ uid }: Stats, ranges: readonly UserRange[]): boolean {
  return ranges.some(({ first, count }) => uid >= first && uid < first + count);
}
