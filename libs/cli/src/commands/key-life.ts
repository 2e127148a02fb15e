import { type Key, RotateKeyRequest, UpdateKeyRequest } from '@ramet/proto-gen/keys.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { parseDuration } from '../parse/duration.js';
import { parseLabels } from '../parse/pairs.js';
import { parseMoment } from '../parse/time.js';
import { findKey } from '../resolve.js';
import { UsageError } from '../usage-error.js';
import { keyView } from '../views/keys.js';
import { confirm, confirmed } from './confirm.js';
import type { MaterialOptions } from './create-key.js';
import { requireOneSource, usingMaterial, WHOSE, withMaterial } from './create-key.js';
import {
  argument,
  type CreateOptions,
  gather,
  present,
  repeatable,
  requestIdOf,
} from './options.js';

interface NamedOptions {
  readonly owner?: string;
  readonly etag?: string;
}

interface UpdateOptions extends NamedOptions {
  readonly name?: string;
  readonly label?: readonly string[];
  readonly venueKeyId?: string;
  readonly validFrom?: string;
  readonly validUntil?: string;
  readonly default?: boolean;
}

interface RotateOptions extends NamedOptions, CreateOptions, MaterialOptions {
  readonly venueKeyId?: string;
  readonly overlap?: string;
}

interface DeleteOptions extends NamedOptions {
  readonly after?: string;
  readonly yes?: boolean;
}

/** The word for a bound that is taken away. */
const NEVER = 'never';

/** Adds what is done to a key after it was created to `keys`. */
export function addKeyLife(keys: Command, act: Act): void {
  named(keys.command('update <key>').description('change a key'))
    .option('--name <name>', 'another name')
    .option('--label <name=value>', 'all that is noted on it; may be repeated', gather)
    .option('--venue-key-id <id>', 'what the venue calls it')
    .option('--valid-from <time>', 'from when it may be used, or `never` for no such bound')
    .option('--valid-until <time>', 'until when it may be used, or `never` for no such bound')
    .option('--default', 'make it the default key of its venue: it is not offered to clones')
    .option('--no-default', 'make it a key like others')
    .action(act(updateKey));
  named(
    repeatable(withMaterial(keys.command('rotate <key>').description('give a key a new secret'))),
  )
    .option('--venue-key-id <id>', 'what the venue calls the new one')
    .option(
      '--overlap <duration>',
      'how long clones go on with the old one, at most 30d (default: 1h)',
    )
    .action(act(rotateKey));
  named(keys.command('disable <key>').description('sign nothing with a key any more')).action(
    act(disableKey),
  );
  named(keys.command('enable <key>').description('sign with a key again')).action(act(enableKey));
  named(confirmed(keys.command('delete <key>').description('delete a key')))
    .option('--after <duration>', 'destroy its secrets after this, 1d to 30d (default: 7d)')
    .action(act(deleteKey));
  keys
    .command('undelete <key>')
    .description('take the deletion of a key back, while its secrets are there')
    .option('--owner <owner>', `${WHOSE}, for a key given by name`)
    .action(act(undeleteKey));
}

function named(command: Command): Command {
  return command
    .option('--owner <owner>', `${WHOSE}, for a key given by name`)
    .option('--etag <etag>', 'only as it was read');
}

async function updateKey(
  context: Context,
  args: readonly string[],
  options: UpdateOptions,
): Promise<void> {
  const { session, world } = context;
  const { name, label, venueKeyId, validFrom, validUntil } = options;
  const given = {
    name,
    labels: label && parseLabels(label),
    venue_key_id: venueKeyId,
    valid_from: validFrom,
    valid_until: validUntil,
    default_key: options.default,
  };
  const updateMask = Object.entries(given).flatMap(([path, value]) =>
    value === undefined ? [] : [path],
  );
  if (updateMask.length === 0) throw new UsageError('there is nothing to change');
  const request = UpdateKeyRequest.fromPartial({
    ...(await editOf(context, args, options)),
    ...{ updateMask, name: name ?? '', labels: given.labels ?? {}, venueKeyId: venueKeyId ?? '' },
    ...{ validFrom: bound(context, validFrom), validUntil: bound(context, validUntil) },
    defaultKey: options.default ?? false,
  });
  show(context, (await session.keys.updateKey(request, { signal: world.signal })).key);
}

async function rotateKey(
  context: Context,
  args: readonly string[],
  options: RotateOptions,
): Promise<void> {
  const { session, world } = context;
  const { overlap, venueKeyId } = options;
  requireOneSource(options);
  const request = {
    ...(await editOf(context, args, options)),
    ...{ requestId: requestIdOf(context, options), venueKeyId: venueKeyId ?? '' },
    overlap: overlap === undefined ? undefined : parseDuration(overlap),
  };
  await usingMaterial(context, options, async (material) => {
    const asked = RotateKeyRequest.fromPartial({ ...request, ...material });
    show(context, (await session.keys.rotateKey(asked, { signal: world.signal })).key);
  });
}

async function disableKey(
  context: Context,
  args: readonly string[],
  options: NamedOptions,
): Promise<void> {
  const { session, world } = context;
  const edit = await editOf(context, args, options);
  show(context, (await session.keys.disableKey(edit, { signal: world.signal })).key);
}

async function enableKey(
  context: Context,
  args: readonly string[],
  options: NamedOptions,
): Promise<void> {
  const { session, world } = context;
  const edit = await editOf(context, args, options);
  show(context, (await session.keys.enableKey(edit, { signal: world.signal })).key);
}

async function deleteKey(
  context: Context,
  args: readonly string[],
  options: DeleteOptions,
): Promise<void> {
  const { session, world } = context;
  const edit = await editOf(context, args, options);
  const { after } = options;
  const deleteAfter = after === undefined ? undefined : parseDuration(after);
  const question = `delete key ${argument(args, 0)}? Its secrets are destroyed after ${after ?? '7d'}.`;
  await confirm(context, options, question);
  const request = { ...edit, deleteAfter };
  show(context, (await session.keys.deleteKey(request, { signal: world.signal })).key);
}

async function undeleteKey(
  context: Context,
  args: readonly string[],
  { owner }: Pick<NamedOptions, 'owner'>,
): Promise<void> {
  const { session, world } = context;
  const id = await findKey(context, argument(args, 0), owner, { deleted: true });
  show(context, (await session.keys.undeleteKey({ id }, { signal: world.signal })).key);
}

async function editOf(
  context: Context,
  args: readonly string[],
  { owner, etag = '' }: NamedOptions,
): Promise<{ readonly id: string; readonly etag: string }> {
  return { id: await findKey(context, argument(args, 0), owner), etag };
}

function bound({ world }: Context, text: string | undefined): Date | undefined {
  return text === undefined || text === NEVER ? undefined : parseMoment(text, world.clock);
}

function show({ out, world }: Context, key: Key | undefined): void {
  out.item(keyView(world.clock), present(key, 'key'));
}
