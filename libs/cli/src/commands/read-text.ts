import { createReadStream } from 'node:fs';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';

const STDIN = '-';

/** More than any message takes. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a text from a file, or from standard input for `-`. Throws UsageError if it cannot, and if that
 * is more than 4 MiB: of a file no more is read.
 */
export async function readText({ terminal }: World, path: string): Promise<string> {
  const bytes = path === STDIN ? await terminal.readInput() : await readBytes(path);
  if (bytes.length > MAX_BYTES) throw new UsageError(`more than ${MAX_BYTES} bytes: ${path}`);
  return textOf(bytes, path);
}

/** The text that bytes are. Throws UsageError if they are none, without telling them. */
export function textOf(bytes: Buffer, path: string): string {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new UsageError(`not UTF-8: ${path}`);
  return text;
}

async function readBytes(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { end: MAX_BYTES })) chunks.push(chunk);
  } catch (thrown) {
    throw new UsageError(`cannot read the file: ${(thrown as Error).message}`);
  }
  return Buffer.concat(chunks);
}
