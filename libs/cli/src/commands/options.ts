import type { Command } from 'commander';
import type { Context } from '../context.js';
import { parseWhole } from '../parse/whole.js';
import { UsageError } from '../usage-error.js';

const MOST_ITEMS = 1_000_000_000;

/** The options of a command that makes something. */
export interface CreateOptions {
  readonly requestId?: string;
}

/** The options of a command that lists. */
export interface ListOptions {
  readonly limit?: string;
}

/** Gathers an option that may be given more than once. */
export function gather(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** Lets a command take the request id under which it can be repeated. */
export function repeatable(command: Command): Command {
  return command.option('--request-id <id>', 'repeat the request that was made with this id');
}

/** Lets a command stop listing early. */
export function limited(command: Command): Command {
  return command.option('--limit <count>', 'at most this many (default: all)');
}

/** How many things to list. */
export function limitOf({ limit }: ListOptions): number {
  return limit === undefined ? Number.POSITIVE_INFINITY : parseWhole(limit, 1, MOST_ITEMS);
}

/** The request id of a creation: the one given, or one of its own. */
export function requestIdOf({ world }: Context, { requestId }: CreateOptions): string {
  return requestId ?? world.ids.make('req');
}

/** What an answer must have. A service that leaves it out is broken. */
export function present<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new Error(`the answer has no ${name}`);
  return value;
}

/** An argument that commander has made sure of. */
export function argument(args: readonly string[], index: number): string {
  const value = args[index];
  if (value === undefined || value === '') throw new UsageError('an argument is empty');
  return value;
}
