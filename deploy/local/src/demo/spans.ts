import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A call as a process of the mesh recorded it, when it was over. */
export interface Recorded {
  readonly service: string;
  /** The full name of the RPC, or of what else was recorded. */
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  /** When it began, RFC 3339. */
  readonly start: string;
  readonly ms: number;
  readonly status: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * What the services record under their traces folder from now on.
 *
 * A file is read from where it ended when the reader was made; lines that are not complete yet
 * are left for the next time. Calls that began before `since` are left out: they are written down
 * a little after they are over.
 */
export class SpanReader {
  readonly #folder: string;
  readonly #since: string;
  readonly #offsets = new Map<string, number>();

  constructor(folder: string, since?: Date) {
    this.#folder = folder;
    this.#since = since?.toISOString() ?? '';
    for (const file of this.#files()) this.#offsets.set(file, statSync(join(folder, file)).size);
  }

  /** Reads what has been recorded since the last time, oldest first. */
  read(): Recorded[] {
    const spans = this.#files().flatMap((file) => this.#readFile(file));
    const own = spans.filter(({ start }) => start >= this.#since);
    return own.sort((a, b) => a.start.localeCompare(b.start));
  }

  #files(): string[] {
    return readdirSync(this.#folder).filter((name) => name.endsWith('.jsonl'));
  }

  #readFile(file: string): Recorded[] {
    const from = this.#offsets.get(file) ?? 0;
    const content = readFrom(join(this.#folder, file), from);
    const complete = content.lastIndexOf('\n') + 1;
    this.#offsets.set(file, from + complete);
    const lines = content.subarray(0, complete).toString('utf8').split('\n');
    return lines.filter((line) => line !== '').map(parseSpan);
  }
}

function parseSpan(line: string): Recorded {
  const { trace_id: traceId, ...span } = JSON.parse(line);
  return { ...span, traceId };
}

function readFrom(path: string, offset: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let at = offset;
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const bytes = readSync(file, chunk, 0, CHUNK_BYTES, at);
      if (bytes === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, bytes));
      at += bytes;
    }
  } finally {
    closeSync(file);
  }
}
