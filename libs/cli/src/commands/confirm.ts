import type { Command } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../usage-error.js';

const YES = /^y(es)?$/i;

/** Lets a command go ahead without asking. */
export function confirmed(command: Command): Command {
  return command.option('-y, --yes', 'do not ask first');
}

/**
 * Asks a person whether they mean it. A script is not asked.
 *
 * Throws UsageError if they do not.
 */
export async function confirm(
  { world, out }: Context,
  { yes }: { readonly yes?: boolean },
  question: string,
): Promise<void> {
  if (yes || out.json || !world.terminal.interactive) return;
  const answer = await world.terminal.ask(`${question} [y/N] `);
  if (!YES.test(answer.trim())) throw new UsageError('nothing was done');
}
