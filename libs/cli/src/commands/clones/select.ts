import type { Command } from 'commander';
import { parseWhole } from '../../parse/whole.js';
import { UsageError } from '../../usage-error.js';

/** The options that select many clones. */
export interface SelectOptions {
  readonly filter?: string;
  readonly expect?: string;
  readonly owner?: string;
}

/** The clones that a command is about: one, some, or those that a filter selects. */
export interface Selected {
  /** The one, if it is one alone. */
  readonly one?: string;
  readonly names: readonly string[];
  readonly filter?: string;
  /** How many the filter has to select. */
  readonly expected?: number;
}

const MOST = 500;

/** Lets a command take many clones at once. */
export function selectable(command: Command): Command {
  return command
    .option('--filter <filter>', 'all of an owner that this selects, instead; wants --expect')
    .option('--expect <count>', `how many clones that has to be, at most ${MOST}`)
    .option('--owner <owner>', 'whose: me, a team, or an id (default: me)');
}

/** Reads which clones are meant. Throws UsageError for none: that never means all. */
export function selectedOf(
  names: readonly string[],
  { filter, expect, owner }: SelectOptions,
): Selected {
  if (filter === undefined) {
    if (expect !== undefined || owner !== undefined) {
      throw new UsageError('--expect and --owner belong to a --filter');
    }
    const [one, ...others] = names;
    if (one === undefined) throw new UsageError('name the clones, or select them with --filter');
    if (names.length > MOST) throw new UsageError(`at most ${MOST} clones at once`);
    return others.length === 0 ? { one, names } : { names };
  }
  if (names.length > 0)
    throw new UsageError('clones are named or selected with --filter, not both');
  if (expect === undefined) {
    throw new UsageError('--filter wants --expect <count>: how many clones it has to select');
  }
  return { names, filter, expected: parseWhole(expect, 1, MOST) };
}
