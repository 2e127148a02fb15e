import { ClonePhase, SetCloneExpiryRequest } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { parseMoment } from '../../parse/time.js';
import { findAnyOwner, findClone } from '../../resolve.js';
import { UsageError } from '../../usage-error.js';
import { showClone } from '../clones/look.js';
import { waitForClone } from '../clones/wait.js';
import { confirm, confirmed } from '../confirm.js';
import { argument, type CreateOptions, repeatable, requestIdOf } from '../options.js';
import { reasoned } from './reasoned.js';

interface Change {
  readonly reason: string;
  readonly etag?: string;
  readonly yes?: boolean;
}

interface ExpiryOptions extends Change {
  readonly at?: string;
  readonly never?: boolean;
}

/** Adds what administrators do with clones to `admin`. */
export function addAdminClones(admin: Command, act: Act): void {
  changing(confirmed(admin.command('force-delete <clone>')))
    .description('delete a clone although something of it could not be removed')
    .option('--wait', 'wait until it is gone')
    .action(act(forceDelete));
  changing(admin.command('set-expiry <clone>'))
    .description('set or clear when a clone expires, whatever its template says')
    .option('--at <time>', 'when: RFC 3339, or a duration from now on such as 30d')
    .option('--never', 'it does not expire')
    .action(act(setExpiry));
  changing(confirmed(admin.command('reassign <clone> <owner>')))
    .description('give a clone to another owner, with its quota and its sight')
    .action(act(reassign));
  changing(repeatable(confirmed(admin.command('rotate-secrets <clone>'))))
    .description('seal the secrets of a clone anew; one that runs is started again')
    .action(act(rotateSecrets));
  changing(admin.command('traits <clone> [traits...]'))
    .description('note traits on a clone, for machines, instead of all there are')
    .option('--clear', 'note none')
    .action(act(setTraits));
}

function changing(command: Command): Command {
  return reasoned(command).option('--etag <etag>', 'only as it was read');
}

async function forceDelete(
  context: Context,
  args: readonly string[],
  options: Change & { readonly wait?: boolean },
): Promise<void> {
  const { session, world } = context;
  const id = await findClone(context, argument(args, 0));
  const question = `delete clone ${argument(args, 0)}, whatever may be left of it outside?`;
  await confirm(context, options, question);
  const request = { id, ...whyOf(options) };
  const { clone } = await session.cloneAdmin.forceDeleteClone(request, { signal: world.signal });
  const gone = [ClonePhase.DELETED];
  showClone(context, options.wait ? await waitForClone(context, id, gone) : clone);
}

async function setExpiry(
  context: Context,
  args: readonly string[],
  options: ExpiryOptions,
): Promise<void> {
  const { session, world } = context;
  const { at, never = false } = options;
  if (never === (at !== undefined)) {
    throw new UsageError('a clone expires --at <time>, or --never');
  }
  const expiry = at === undefined ? {} : { expireTime: parseMoment(at, world.clock) };
  const id = await findClone(context, argument(args, 0));
  const request = SetCloneExpiryRequest.fromPartial({ id, ...whyOf(options), ...expiry });
  const { clone } = await session.cloneAdmin.setCloneExpiry(request, { signal: world.signal });
  showClone(context, clone);
}

async function reassign(context: Context, args: readonly string[], options: Change): Promise<void> {
  const { session, world } = context;
  const owner = await findAnyOwner(context, argument(args, 1));
  const id = await findClone(context, argument(args, 0));
  await confirm(context, options, `give clone ${argument(args, 0)} to ${argument(args, 1)}?`);
  const request = { id, owner, ...whyOf(options) };
  const { clone } = await session.cloneAdmin.reassignClone(request, { signal: world.signal });
  showClone(context, clone);
}

async function rotateSecrets(
  context: Context,
  args: readonly string[],
  options: Change & CreateOptions,
): Promise<void> {
  const { session, world } = context;
  const id = await findClone(context, argument(args, 0));
  await confirm(context, options, `start clone ${argument(args, 0)} again with new secrets?`);
  const request = { id, ...whyOf(options), requestId: requestIdOf(context, options) };
  const { clone } = await session.cloneAdmin.rotateCloneSecrets(request, { signal: world.signal });
  showClone(context, clone);
}

async function setTraits(
  context: Context,
  [name, ...traits]: readonly string[],
  options: Change & { readonly clear?: boolean },
): Promise<void> {
  const { session, world } = context;
  if ((options.clear ?? false) === traits.length > 0) {
    throw new UsageError('name the traits, or --clear them');
  }
  const id = await findClone(context, argument([name ?? ''], 0));
  const request = { id, traits, ...whyOf(options) };
  const { clone } = await session.cloneAdmin.setCloneTraits(request, { signal: world.signal });
  showClone(context, clone);
}

function whyOf({ reason, etag = '' }: Change): { readonly reason: string; readonly etag: string } {
  return { reason, etag };
}
