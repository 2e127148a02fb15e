import { readFile } from 'node:fs/promises';
import type { JsonValue } from '@bufbuild/protobuf';
import { writeAtomically } from '@ramet/service';
import type { Context } from '../context.js';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';

// A text that ends in one line end, as editors and `echo` leave it.
const TEXT_LINE = /^[\t\n\r\u0020-\u007e\u0080-\u{10ffff}]*$/u;
const LINE_END = /\r?\n$/;
const STDIN = '-';

/**
 * Reads a secret from a file, or from standard input for `-`. Never from an argument, which
 * everybody on the machine could see.
 *
 * The line end after a text is not part of it, unless `exact` says so.
 */
export async function readSecret(
  world: World,
  path: string,
  { what = 'secret', exact = false }: { readonly what?: string; readonly exact?: boolean } = {},
): Promise<Buffer> {
  const bytes = path === STDIN ? await readStdin(world, what) : await readSecretFile(path, what);
  const secret = exact ? bytes : withoutLineEnd(bytes);
  if (secret.length === 0) throw new UsageError(`the ${what} is empty`);
  return secret;
}

/** Cuts the line end off a text. Bytes that are no text stay as they are. */
export function withoutLineEnd(bytes: Buffer): Buffer {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes) || !TEXT_LINE.test(text)) return bytes;
  return Buffer.from(text.replace(LINE_END, ''), 'utf8');
}

/** What is shown of a new secret, once. */
export interface ShownOnce {
  /** What it is, such as an API key. */
  readonly what?: string;
  readonly secret: string;
  readonly json: Readonly<Record<string, JsonValue>>;
  /** The file to write it to instead. */
  readonly file: string | undefined;
}

/** Shows a new secret, this once: on standard output alone, or in a file for its owner's eyes. */
export async function showOnce({ out }: Context, shown: ShownOnce): Promise<void> {
  const { what = 'API key', secret, json, file } = shown;
  if (file !== undefined && secret !== '') {
    await writeAtomically(file, `${secret}\n`);
    out.note(`the ${what} is in ${file}`);
    if (out.json) out.value({ ...json, file }, '');
    return;
  }
  if (secret === '') out.note(`the ${what} was shown when it was created, and is not shown again`);
  else out.note(`the ${what}, shown this once:`);
  if (out.json || secret !== '') out.value({ ...json, secret }, secret);
}

async function readStdin({ terminal }: World, what: string): Promise<Buffer> {
  if (!terminal.interactive) return await terminal.readInput();
  return Buffer.from(await terminal.ask(`${what}: `, { hidden: true }), 'utf8');
}

async function readSecretFile(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new UsageError(`cannot read the ${what}: ${(thrown as Error).message}`);
  }
}
