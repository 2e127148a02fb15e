import { readFile } from 'node:fs/promises';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';

const STDIN = '-';

/** Reads a text from a file, or from standard input for `-`. Throws UsageError if it cannot. */
export async function readText({ terminal }: World, path: string): Promise<string> {
  return textOf(path === STDIN ? await terminal.readInput() : await readBytes(path), path);
}

/** The text that bytes are. Throws UsageError if they are none, without telling them. */
export function textOf(bytes: Buffer, path: string): string {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new UsageError(`not UTF-8: ${path}`);
  return text;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new UsageError(`cannot read the file: ${(thrown as Error).message}`);
  }
}
