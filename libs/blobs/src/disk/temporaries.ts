import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing, syncFolder } from './files.js';

const NAME = /^(?<pid>\d+)-(?<startedAt>\d+)-\d+$/;

/** The folder of files that are still written. Each is named for the process that writes it. */
export class Temporaries {
  readonly #folder: string;
  readonly #owner: string;
  #count = 0;

  private constructor(folder: string, owner: string) {
    this.#folder = folder;
    this.#owner = owner;
  }

  /** Opens the folder and removes what processes left in it that are no more. */
  static async open(folder: string): Promise<Temporaries> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) {
      if (await isLeft(name)) await unlink(join(folder, name)).catch(unlessMissing);
    }
    return new Temporaries(folder, `${process.pid}-${await startOf(process.pid)}`);
  }

  /** Makes an empty file, readable by its owner alone. */
  async create(): Promise<Unfinished> {
    for (;;) {
      this.#count += 1;
      const path = join(this.#folder, `${this.#owner}-${this.#count}`);
      try {
        return new Unfinished(path, await open(path, 'wx', 0o600));
      } catch (thrown) {
        // Another store of this process has the name.
        if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
      }
    }
  }
}

/** A file that is still written. Gone when it is disposed of, unless it was finished. */
export class Unfinished implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  #isFinished = false;

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  async write(piece: Uint8Array): Promise<void> {
    await this.#file.writeFile(piece);
  }

  /** Brings the content to the disk and gives it its name, in a folder that is made if need be. */
  async finish(path: string): Promise<void> {
    await this.#file.sync();
    const made = await this.#moveTo(path);
    this.#isFinished = true;
    let folder = dirname(path);
    await syncFolder(folder);
    while (made !== undefined && folder.length >= made.length) {
      folder = dirname(folder);
      await syncFolder(folder);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    if (!this.#isFinished) await unlink(this.#path).catch(unlessMissing);
  }

  /** Returns the first of the folders it made. */
  async #moveTo(path: string): Promise<string | undefined> {
    let first: string | undefined;
    for (;;) {
      try {
        const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        if (made !== undefined && (first === undefined || made.length < first.length)) first = made;
        await rename(this.#path, path);
        return first;
      } catch (thrown) {
        // Whoever removes the last blob of a folder removes the folder: it is made again.
        if (!isMissing(thrown)) throw thrown;
        const { nlink } = await this.#file.stat();
        if (nlink === 0) throw thrown;
      }
    }
  }
}

async function isLeft(name: string): Promise<boolean> {
  const { pid, startedAt } = NAME.exec(name)?.groups ?? {};
  return pid !== undefined && (await startOf(Number(pid))) !== startedAt;
}

/** When a process that lives was started, in its host's ticks. Tells it from a later namesake. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return fields[19];
}

function unlessMissing(thrown: unknown): void {
  if (!isMissing(thrown)) throw thrown;
}
