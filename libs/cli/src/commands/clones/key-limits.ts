import { GrantLimits, SignOperation } from '@ramet/proto-gen/keys.v1';
import type { Command } from 'commander';
import { parseChoice } from '../../parse/choice.js';
import { parseMessage } from '../../parse/message.js';
import type { World } from '../../world.js';
import { readText } from '../read-text.js';

/** What may be said of what a clone signs. */
export interface KeyLimitsOptions {
  readonly sign?: string;
  readonly keyLimits?: string;
}

/** Lets a command say what a new clone may sign. */
export function limitingKey(command: Command): Command {
  return command
    .option('--sign <operations>', 'what it may sign, such as venue,raw (default: all but raw)')
    .option('--key-limits <file>', 'what it may sign, as a JSON file of GrantLimits, or `-`');
}

/** What a clone may sign, as the options say it. Undefined: they do not. */
export async function keyLimitsOf(
  world: World,
  { sign, keyLimits }: KeyLimitsOptions,
): Promise<GrantLimits | undefined> {
  if (sign === undefined && keyLimits === undefined) return undefined;
  const operations = (sign ?? '')
    .split(',')
    .filter((word) => word !== '')
    .map((word) => parseChoice(SignOperation, word.trim()));
  const given =
    keyLimits === undefined
      ? GrantLimits.fromPartial({})
      : parseMessage(
          { type: 'keys.v1.GrantLimits', code: GrantLimits },
          await readText(world, keyLimits),
        );
  return operations.length === 0 ? given : { ...given, operations };
}
