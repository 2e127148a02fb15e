import {
  chmod,
  type FileHandle,
  mkdir,
  open,
  opendir,
  rm,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { BlobStore, ListedBlob, PutOptions, ReadOptions, StoredBlob } from '../blob-store.js';
import { BlobNotFoundError, BlobRangeError } from '../errors.js';
import { Intake } from '../intake.js';
import { checkKey, isKey } from '../keys.js';
import { rangeOf } from '../range.js';
import { isMissing, onDisk } from './files.js';
import { Temporaries } from './temporaries.js';

const PIECE_BYTES = 64 * 1024;
/** What ends the name of a blob's file. No key has a dot, so files and folders never collide. */
const SUFFIX = '.blob';

export interface DiskStoreOptions {
  /** The folder, for this store alone. Made if it is not there. */
  readonly dir: string;
}

/**
 * Opens a store in a folder of this host, for its owner alone.
 *
 * Several processes of one host may have it open. What a process that died was still writing is
 * removed here.
 */
export async function openDiskStore({ dir }: DiskStoreOptions): Promise<BlobStore> {
  return onDisk(async () => {
    const folder = resolve(dir);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    return new DiskStore(folder, await Temporaries.open(join(folder, '.incoming')));
  });
}

class DiskStore implements BlobStore {
  readonly #dir: string;
  readonly #temporaries: Temporaries;

  constructor(dir: string, temporaries: Temporaries) {
    this.#dir = dir;
    this.#temporaries = temporaries;
  }

  async put(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<StoredBlob> {
    const path = this.#pathOf(key);
    const intake = new Intake(key, options);
    await using file = await onDisk(() => this.#temporaries.create());
    for await (const piece of intake.take(source)) await onDisk(() => file.write(piece));
    await onDisk(() => file.finish(path));
    return intake.stored();
  }

  async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const { offset, length } = rangeOf(options);
    await using file = await openBlob(key, this.#pathOf(key));
    const { size } = await onDisk(() => file.stat());
    if (offset > size) throw new BlobRangeError(key, offset, size);
    const end = Math.min(size, offset + length);
    for (let position = offset; position < end; ) {
      options.signal?.throwIfAborted();
      const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, end - position));
      const { bytesRead } = await onDisk(() => file.read(piece, 0, piece.length, position));
      if (bytesRead === 0) throw new Error(`blob ${key} ended at ${position} of ${size} bytes`);
      position += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  }

  async stat(key: string): Promise<{ readonly sizeBytes: number } | undefined> {
    const found = await statIfThere(this.#pathOf(key));
    return found && { sizeBytes: found.size };
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (const path of keys.map((key) => this.#pathOf(key))) {
      await onDisk(() => unlink(path).catch(unlessGone));
      await this.#removeEmpty(dirname(path));
    }
  }

  async removeUnder(prefix: string): Promise<void> {
    const folder = this.#folderOf(prefix);
    await onDisk(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
    await this.#removeEmpty(dirname(folder));
  }

  async *list(prefix: string): AsyncGenerator<ListedBlob, void, undefined> {
    const folder = prefix === '' ? this.#dir : this.#folderOf(prefix);
    yield* this.#listFolder(folder, prefix === '' ? '' : `${prefix}/`);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async *#listFolder(folder: string, above: string): AsyncGenerator<ListedBlob, void, undefined> {
    const entries = await onDisk(() => opendir(folder).catch(unlessGone));
    if (entries === undefined) return;
    for await (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (isKey(entry.name)) yield* this.#listFolder(path, `${above}${entry.name}/`);
        continue;
      }
      const key = `${above}${basename(entry.name, SUFFIX)}`;
      const found = entry.name.endsWith(SUFFIX) && isKey(key) ? await statIfThere(path) : undefined;
      if (found) yield { key, sizeBytes: found.size, modifiedAt: found.mtime };
    }
  }

  /** Removes a folder that nothing is left in, and those above it. */
  async #removeEmpty(folder: string): Promise<void> {
    for (let path = folder; path.length > this.#dir.length; path = dirname(path)) {
      try {
        await rmdir(path);
      } catch (thrown) {
        const { code } = thrown as NodeJS.ErrnoException;
        if (code !== 'ENOENT') return;
      }
    }
  }

  #pathOf(key: string): string {
    return `${this.#folderOf(key)}${SUFFIX}`;
  }

  #folderOf(prefix: string): string {
    checkKey(prefix);
    return join(this.#dir, prefix);
  }
}

async function openBlob(key: string, path: string): Promise<FileHandle> {
  const file = await onDisk(() => open(path, 'r').catch(unlessGone));
  if (file === undefined) throw new BlobNotFoundError(key);
  return file;
}

async function statIfThere(path: string): Promise<{ size: number; mtime: Date } | undefined> {
  return onDisk(() => stat(path).catch(unlessGone));
}

function unlessGone(thrown: unknown): undefined {
  if (!isMissing(thrown)) throw thrown;
}
