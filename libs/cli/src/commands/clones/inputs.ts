import { readFile } from 'node:fs/promises';
import type { Input } from '@ramet/proto-gen/lifecycle.v1';
import type { Context } from '../../context.js';
import { type InputText, parseInput } from '../../parse/input.js';
import { findClone } from '../../resolve.js';
import { UsageError } from '../../usage-error.js';

const STDIN = '-';

/** What a clone is to read: the inputs that were typed, and those of a file, one a line. */
export async function inputsOf(
  context: Context,
  typed: readonly string[],
  file: string | undefined,
): Promise<readonly Input[]> {
  const lines = file === undefined ? [] : await linesOf(context, file);
  const inputs = [...lines, ...typed].map(parseInput);
  const names = inputs.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) throw new UsageError(`the input '${twice}' is given twice`);
  return await Promise.all(inputs.map((input) => inputOf(context, input)));
}

async function inputOf(context: Context, input: InputText): Promise<Input> {
  const { name, from, sha256, maxBytes } = input;
  if ('url' in from) {
    return { name, source: { $case: 'url', value: from.url }, sha256, maxBytes };
  }
  const cloneId = await findClone(context, from.clone);
  const result = { cloneId, name: from.result };
  return { name, source: { $case: 'result', value: result }, sha256, maxBytes };
}

async function linesOf({ world }: Context, file: string): Promise<readonly string[]> {
  const text = file === STDIN ? await world.terminal.readInput() : await read(file);
  const lines = text.toString('utf8').split(/\r?\n/);
  return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new UsageError(`cannot read the inputs: ${(thrown as Error).message}`);
  }
}
