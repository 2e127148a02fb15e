import { chown, copyFile, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** How much a bundle may hold. */
export interface BundleBounds {
  readonly files: number;
  readonly bytes: number;
}

/** What is wrong with a bundle, in words for the clone's owner. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}

const BOUNDS: BundleBounds = { files: 5_000, bytes: 256 * 1024 * 1024 };
const BUNDLE_NAME = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/;
const TAG = /^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/;

/** Which bundle to copy, and where it lies: its folder is `BUNDLE`, or `BUNDLE@TAG` with a tag. */
export interface BundleSource {
  readonly bundlesDir: string;
  readonly bundle: string;
  readonly tag: string;
}

/**
 * Copies a bundle into a folder that does not exist yet, for a user if one is given.
 *
 * Throws a BundleError if there is none of that name and tag, or if it holds anything but plain files
 * and folders within the bounds: a link could lead out of it.
 */
export async function copyBundle(
  { bundlesDir, bundle, tag }: BundleSource,
  to: { readonly folder: string; readonly uid?: number | undefined },
  bounds: BundleBounds = BOUNDS,
): Promise<void> {
  const name = tag === '' ? bundle : `${bundle}@${tag}`;
  if (!BUNDLE_NAME.test(bundle)) throw new BundleError(`not a bundle name: ${bundle}`);
  if (!TAG.test(tag)) throw new BundleError(`not a tag of a bundle: ${tag}`);
  const source = join(bundlesDir, name);
  const left = { ...bounds };
  if (!(await isFolder(source))) throw new BundleError(`no such bundle: ${name}`);
  await copyFolder({ source, target: to.folder, uid: to.uid, left });
}

interface Copying {
  readonly source: string;
  readonly target: string;
  readonly uid: number | undefined;
  readonly left: { files: number; bytes: number };
}

async function copyFolder({ source, target, uid, left }: Copying): Promise<void> {
  await mkdir(target, { mode: 0o700 });
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    left.files -= 1;
    if (left.files < 0) throw new BundleError('the bundle has too many files');

    if (entry.isDirectory()) await copyFolder({ source: from, target: to, uid, left });
    else if (entry.isFile()) await copyOne({ source: from, target: to, uid, left });
    else throw new BundleError(`neither a file nor a folder: ${entry.name}`);
  }
  if (uid !== undefined) await chown(target, uid, uid);
}

async function copyOne({ source, target, uid, left }: Copying): Promise<void> {
  left.bytes -= (await lstat(source)).size;
  if (left.bytes < 0) throw new BundleError('the bundle is too large');
  await copyFile(source, target);
  if (uid !== undefined) await chown(target, uid, uid);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch {
    return false;
  }
}
