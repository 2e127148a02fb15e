import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  realpath,
  rename,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { visibleText } from '../../print/width.js';
import { UsageError } from '../../usage-error.js';
import type { World } from '../../world.js';

/** Where the bytes of a result go. */
export interface Sink extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes what was written whole: before this nobody sees a part of it. */
  finish(): Promise<void>;
}

/** What the sink of a file needs to know. */
export interface FileSinkOptions {
  readonly path: string;
  /** Whether it takes the place of a file that is there. */
  readonly force: boolean;
  readonly world: World;
}

/**
 * Opens a file to be written as a whole: it appears when all of it is there and was found good.
 *
 * Throws UsageError if there is one and it is not to be replaced.
 */
export async function openFileSink({ path, force, world }: FileSinkOptions): Promise<Sink> {
  if (!force) await requireAbsent(path);
  const part = `${path}.${world.ids.make('part')}`;
  const file = await opened(part);
  return {
    async write(bytes) {
      await file.writeFile(bytes);
    },
    async finish() {
      await file.sync();
      await file.close();
      if (force) await rename(part, path);
      else await linkNew(part, path);
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      await unlink(part).catch(() => undefined);
    },
  };
}

/** Writes to standard output. On a terminal, as a text that commands it to do nothing. */
export function standardSink({ terminal }: World): Sink {
  const decoder = new TextDecoder();
  const onTerminal = terminal.columns !== undefined;
  const print = async (text: string | Uint8Array): Promise<void> => {
    terminal.print(text);
    await terminal.drained();
  };
  return {
    write: (bytes) =>
      print(onTerminal ? visibleText(decoder.decode(bytes, { stream: true })) : bytes),
    finish: async () => {
      if (onTerminal) await print(visibleText(decoder.decode()));
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Throws UsageError if something is at a path. */
export async function requireAbsent(path: string): Promise<void> {
  if (await isThere(path)) throw taken(path);
}

/**
 * Makes the folders below another one in which a file is to be, and returns the last.
 *
 * Throws UsageError if one of them is not a folder, such as a link that leads elsewhere.
 */
export async function makeFolders(root: string, names: readonly string[]): Promise<string> {
  await mkdir(root, { recursive: true });
  let folder = await realpath(root);
  for (const name of names) {
    folder = join(folder, name);
    await mkdir(folder).catch(unlessThere);
    if (!(await lstat(folder)).isDirectory()) throw new UsageError(`${folder} is not a folder`);
  }
  return folder;
}

async function opened(part: string): Promise<FileHandle> {
  try {
    return await open(part, 'wx');
  } catch (thrown) {
    throw new UsageError(`cannot write: ${(thrown as Error).message}`);
  }
}

async function linkNew(part: string, path: string): Promise<void> {
  await link(part, path).catch((thrown: unknown) => {
    throw isTaken(thrown) ? taken(path) : thrown;
  });
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

function unlessThere(thrown: unknown): void {
  if (!isTaken(thrown)) throw thrown;
}

function isTaken(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException).code === 'EEXIST';
}

function taken(path: string): UsageError {
  return new UsageError(`${path} is there already: --force replaces it`);
}
