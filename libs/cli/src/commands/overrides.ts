import { type OverrideChange, OverrideScope } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { parseChoice } from '../parse/choice.js';
import { type Pair, parsePair } from '../parse/pairs.js';
import { findOwner } from '../resolve.js';
import { UsageError } from '../usage-error.js';
import { overrideView } from '../views/templates.js';
import { gather } from './options.js';
import { readText, textOf } from './read-text.js';
import { readSecret } from './secret.js';

interface OwnedOptions {
  readonly owner?: string;
}

interface ChangeOptions extends OwnedOptions {
  readonly scope: string;
  readonly etag?: string;
}

interface SetOptions extends ChangeOptions {
  readonly valueFile?: readonly string[];
  readonly secretFile?: readonly string[];
  readonly exact?: boolean;
}

const WHOSE = 'whose: me, a team, or an id (default: me)';
const STDIN = '-';

/** Adds `overrides` to the command. */
export function addOverrides(program: Command, act: Act): void {
  const overrides = program
    .command('overrides')
    .description('values that all clones of an owner get, over those of their templates');
  overrides
    .command('get')
    .description('list them; secret ones without their values')
    .option('--owner <owner>', WHOSE)
    .action(act(getOverrides));
  changing(overrides.command('set [name=value...]'))
    .description('set some; clones take them at their next release')
    .option('--value-file <name=file>', 'take a value from a file; may be repeated', gather)
    .option('--secret-file <name=file>', 'take a secret from a file, or `-`; repeatable', gather)
    .option('--exact', 'keep the line end at the end of a secret')
    .action(act(setOverrides));
  changing(overrides.command('unset <name...>'))
    .description('take some out: what lies under them shows again')
    .action(act(unsetOverrides));
}

function changing(command: Command): Command {
  return command
    .option('--owner <owner>', WHOSE)
    .option('--scope <scope>', 'whom they are for: app or environment', 'app')
    .option('--etag <etag>', 'only as they were read');
}

async function getOverrides(
  context: Context,
  _args: readonly string[],
  options: OwnedOptions,
): Promise<void> {
  const { session, world, out } = context;
  const owner = await findOwner(context, options.owner ?? 'me');
  const { signal } = world;
  const { overrides, etag } = await session.overrides.getOwnerOverrides({ owner }, { signal });
  out.list(overrideView(), overrides);
  out.note(`etag ${etag}`);
}

async function setOverrides(
  context: Context,
  args: readonly string[],
  options: SetOptions,
): Promise<void> {
  const { world } = context;
  const { valueFile = [], secretFile = [], exact = false } = options;
  const [values, files, secrets] = [args, valueFile, secretFile].map((all) => all.map(parsePair));
  requireOneStdin([...(files ?? []), ...(secrets ?? [])]);
  const scope = parseChoice(OverrideScope, options.scope);
  const changes: OverrideChange[] = [];
  for (const { name, value } of values ?? []) {
    changes.push({ name, scope, change: { $case: 'value', value } });
  }
  for (const { name, value: path } of files ?? []) {
    const value = await readText(world, path);
    changes.push({ name, scope, change: { $case: 'value', value } });
  }
  for (const { name, value: path } of secrets ?? []) {
    const secret = await readSecret(world, path, { exact });
    const value = textOf(secret, path);
    secret.fill(0);
    changes.push({ name, scope, change: { $case: 'secretValue', value } });
  }
  await update(context, changes, options);
}

async function unsetOverrides(
  context: Context,
  names: readonly string[],
  options: ChangeOptions,
): Promise<void> {
  const scope = parseChoice(OverrideScope, options.scope);
  const changes = names.map((name): OverrideChange => {
    return { name, scope, change: { $case: 'unset', value: true } };
  });
  await update(context, changes, options);
}

async function update(
  context: Context,
  changes: readonly OverrideChange[],
  options: ChangeOptions,
): Promise<void> {
  if (changes.length === 0) throw new UsageError('there is nothing to change');
  const { session, world, out } = context;
  const owner = await findOwner(context, options.owner ?? 'me');
  const request = { owner, etag: options.etag ?? '', changes };
  const { signal } = world;
  const { overrides, etag } = await session.overrides.updateOwnerOverrides(request, { signal });
  out.list(overrideView(), overrides);
  out.note(`etag ${etag}`);
}

function requireOneStdin(files: readonly Pair[]): void {
  if (files.filter(({ value }) => value === STDIN).length < 2) return;
  throw new UsageError('standard input is one value, not two');
}
