import { BotSource } from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import { parseImage } from '../parse/image.js';
import { UsageError } from '../usage-error.js';

/** The options that say what a bot runs. */
export interface SourceOptions {
  readonly bundle?: string;
  readonly tag?: string;
  readonly image?: string;
}

const EITHER =
  'a source is a bundle and a command, --bundle <bundle> [--tag <tag>] -- <command...>, or an image, --image <image>';

/** Lets a command say what a bot runs. */
export function sourced(command: Command): Command {
  return command
    .option('--bundle <bundle>', 'the bundle that the program is in')
    .option('--tag <tag>', 'which release of the bundle (default: the one without a tag)')
    .option('--image <image>', 'a container image instead: REPOSITORY[:TAG][@sha256:...]');
}

/** The source that the options and the command after `--` name. Undefined: they name none. */
export function sourceIf(
  { bundle, tag, image }: SourceOptions,
  command: readonly string[],
): BotSource | undefined {
  if (image !== undefined) return imageSource(image, { bundle, tag }, command);
  if (bundle === undefined && tag === undefined && command.length === 0) return undefined;
  if (bundle === undefined || command.length === 0) throw new UsageError(EITHER);
  const value = { bundle, tag: tag ?? '', command };
  return BotSource.fromPartial({ source: { $case: 'process', value } });
}

/** The same. Throws UsageError if they name none. */
export function requireSource(options: SourceOptions, command: readonly string[]): BotSource {
  const source = sourceIf(options, command);
  if (!source) throw new UsageError(EITHER);
  return source;
}

function imageSource(
  image: string,
  { bundle, tag }: { readonly bundle: string | undefined; readonly tag: string | undefined },
  command: readonly string[],
): BotSource {
  if (bundle !== undefined) throw new UsageError('a source is a bundle or an image, not both');
  if (tag !== undefined) throw new UsageError('the tag of an image stands in --image');
  const value = { ...parseImage(image), command };
  return BotSource.fromPartial({ source: { $case: 'image', value } });
}
