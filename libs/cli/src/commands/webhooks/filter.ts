import { CloneKind, ClonePhase, type WebhookFilter } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import { parseChoice } from '../../parse/choice.js';
import { parseLabels } from '../../parse/pairs.js';
import { gather } from '../options.js';

/** The options that say which events are sent. */
export interface FilterOptions {
  readonly kinds?: string;
  readonly phases?: string;
  readonly label?: readonly string[];
}

/** Lets a command say which events are sent. */
export function filtered(command: Command): Command {
  return command
    .option('--kinds <kinds>', 'only of these kinds, such as bot,workflow')
    .option('--phases <phases>', 'only of these phases, such as failed,completed')
    .option('--label <name=value>', 'only of clones with this label; may be repeated', gather);
}

/** The filter that was given, or undefined if none was. */
export function filterOf({ kinds, phases, label }: FilterOptions): WebhookFilter | undefined {
  if (kinds === undefined && phases === undefined && label === undefined) return undefined;
  return {
    kinds: wordsIn(kinds).map((word) => parseChoice<CloneKind>(CloneKind, word)),
    phases: wordsIn(phases).map((word) => parseChoice<ClonePhase>(ClonePhase, word)),
    labels: parseLabels(label ?? []),
  };
}

function wordsIn(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}
