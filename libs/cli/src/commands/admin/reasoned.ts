import type { Command } from 'commander';

/** Lets a command be told why. */
export function reasoned(command: Command): Command {
  return command.requiredOption('--reason <reason>', 'why; it is kept');
}
