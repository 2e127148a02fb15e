import { mkdirSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@ramet/service';
import { Mask, type MaskedStream } from './mask.js';

/** Which of its two outputs a workload wrote to. */
export type LogStream = 'stdout' | 'stderr';

interface LogBounds {
  readonly files: number;
  readonly fileBytes: number;
  readonly lineBytes: number;
}

interface LogOptions {
  readonly bounds?: LogBounds;
  /** Hides secrets, also those that are printed piece by piece. */
  readonly mask?: Mask;
}

/** How much of the end of all output is at hand. */
const TAIL_BYTES = 16 * 1024;
const BOUNDS: LogBounds = { files: 4, fileBytes: 1024 * 1024, lineBytes: 8 * 1024 };
const NEW_LINE = 0x0a;

/**
 * A workload's output as rotating files, bounded in size whatever the workload writes.
 *
 * A record is one line of output: `<seq> <unix ms> <stream> <bytes>`, a line end, the bytes as
 * they were, a line end. Sequence numbers rise by one, so that a reader can resume after any of
 * them; a file is named by its first. A longer line is cut into several.
 */
export class LogFiles implements AsyncDisposable {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #bounds: LogBounds;
  readonly #rest = new Map<LogStream, Buffer>();
  readonly #mask: Mask;
  readonly #masked = new Map<LogStream, MaskedStream>();
  #tail: Buffer = Buffer.alloc(0);
  #file: FileHandle | undefined;
  #fileBytes = 0;
  #seq = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    folder: string,
    clock: Clock,
    { bounds = BOUNDS, mask = new Mask([]) }: LogOptions = {},
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#clock = clock;
    this.#bounds = bounds;
    this.#mask = mask;
  }

  /** Takes a piece of output. Settles when it is written, so that a flood waits for the disk. */
  async append(stream: LogStream, chunk: Buffer): Promise<void> {
    const masked = this.#masked.get(stream) ?? this.#mask.stream();
    this.#masked.set(stream, masked);
    await this.#take(stream, masked.push(chunk));
  }

  /** The end of what was printed, both outputs as they came. */
  tail(): Buffer {
    return this.#tail;
  }

  async #take(stream: LogStream, chunk: Buffer): Promise<void> {
    const text = Buffer.concat([this.#rest.get(stream) ?? Buffer.alloc(0), chunk]);
    const { lines, rest } = cutLines(text, this.#bounds.lineBytes);
    this.#rest.set(stream, rest);
    await this.#write(lines.map((line) => this.#record(stream, line)));
  }

  /** Writes what was not ended by a line end, and closes. Repeatable. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const [stream, masked] of this.#masked) await this.#take(stream, masked.end());
    for (const [stream, rest] of this.#rest) {
      if (rest.length > 0) await this.#write([this.#record(stream, rest)]);
    }
    this.#rest.clear();
    await this.#writing;
    const file = this.#file;
    this.#file = undefined;
    await file?.sync();
    await file?.close();
  }

  #record(stream: LogStream, bytes: Buffer): Buffer {
    this.#seq += 1;
    const tail = Buffer.concat([this.#tail, bytes, Buffer.of(NEW_LINE)]);
    this.#tail = tail.subarray(Math.max(0, tail.length - TAIL_BYTES));
    const head = `${this.#seq} ${this.#clock.now().getTime()} ${stream} ${bytes.length}\n`;
    return Buffer.concat([Buffer.from(head), bytes, Buffer.of(NEW_LINE)]);
  }

  /** One write at a time, in the order of the calls: a failed disk loses output, not the run. */
  async #write(records: readonly Buffer[]): Promise<void> {
    if (records.length === 0) return;
    const first = this.#seq - records.length + 1;
    this.#writing = this.#writing.then(() => this.#append(first, records)).catch(() => undefined);
    await this.#writing;
  }

  async #append(first: number, records: readonly Buffer[]): Promise<void> {
    if (!this.#file || this.#fileBytes >= this.#bounds.fileBytes) await this.#rotate(first);
    const block = Buffer.concat(records);
    this.#fileBytes += block.length;
    await this.#file?.write(block);
  }

  async #rotate(first: number): Promise<void> {
    await this.#file?.close();
    this.#file = await open(join(this.#folder, logFileName(first)), 'a', 0o600);
    this.#fileBytes = 0;
    const names = (await readdir(this.#folder)).sort();
    for (const name of names.slice(0, -this.#bounds.files)) await unlink(join(this.#folder, name));
  }
}

/** All text that is kept in a folder of log files: the lines of both outputs, as they came. */
export async function readLogText(folder: string): Promise<Buffer> {
  const lines: Buffer[] = [];
  for (const name of (await readdir(folder).catch(() => [])).sort()) {
    const content = await readFile(join(folder, name));
    for (let from = 0; from < content.length; ) {
      const head = content.indexOf(NEW_LINE, from);
      const bytes = Number(content.toString('latin1', from, head).split(' ')[3]);
      lines.push(content.subarray(head + 1, head + 2 + bytes));
      from = head + 2 + bytes;
    }
  }
  return Buffer.concat(lines);
}

/** The name of the file that begins with a record; names sort as their records do. */
function logFileName(first: number): string {
  return `${String(first).padStart(15, '0')}.log`;
}

/** Cuts a text into lines of at most `limit` bytes, and what is left without a line end. */
export function cutLines(text: Buffer, limit: number): { lines: readonly Buffer[]; rest: Buffer } {
  const lines: Buffer[] = [];
  let from = 0;
  while (from < text.length) {
    const end = text.indexOf(NEW_LINE, from);
    const length = (end === -1 ? text.length : end) - from;
    if (length > limit) {
      lines.push(text.subarray(from, from + limit));
      from += limit;
    } else if (end === -1) {
      break;
    } else {
      lines.push(text.subarray(from, end));
      from = end + 1;
    }
  }
  return { lines, rest: Buffer.from(text.subarray(from)) };
}
