import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { collect } from '../pages.js';
import { findClone, findKey, findOwner, findOwnerIf } from '../resolve.js';
import { grantView, keyView, signatureView } from '../views/keys.js';
import { denialView } from '../views/logs.js';
import { addCreateKey, WHOSE } from './create-key.js';
import { addKeyLife } from './key-life.js';
import { argument, type ListOptions, limited, limitOf, present } from './options.js';

interface OwnedOptions extends ListOptions {
  readonly owner?: string;
}

/** Adds `keys` to the command. */
export function addKeys(program: Command, act: Act): void {
  const keys = program.command('keys').description('secret keys that clones sign with');
  addCreateKey(keys, act);
  limited(keys.command('list').description('list keys, held and free'))
    .option('--owner <owner>', WHOSE)
    .option('--deleted', 'list those that `undelete` brings back')
    .action(act(listKeys));
  limited(keys.command('available').description('list the keys that a new clone could get'))
    .option('--owner <owner>', 'whose clone it would be (default: anybody)')
    .action(act(listAvailable));
  keys
    .command('get <key>')
    .description('show a key and who holds it')
    .option('--owner <owner>', `${WHOSE}, for a key given by name`)
    .action(act(getKey));
  addKeyLife(keys, act);
  limited(keys.command('grants <key>').description('list the grants of a key, newest first'))
    .option('--owner <owner>', `${WHOSE}, for a key given by name`)
    .action(act(listGrants));
  limited(keys.command('signatures <key>').description('list what was signed, newest first'))
    .option('--owner <owner>', `${WHOSE}, for a key given by name`)
    .option('--clone <clone>', 'only for this clone')
    .action(act(listSignatures));
  limited(keys.command('denials <key>').description('list what was refused, newest first'))
    .option('--owner <owner>', `${WHOSE}, for a key given by name`)
    .action(act(listDenials));
  keys
    .command('revoke-grant <grant>')
    .description('revoke a grant: nothing is signed with it any more')
    .option('--reason <text>', 'why', '')
    .action(act(revokeGrant));
}

async function listKeys(
  context: Context,
  _args: readonly string[],
  options: OwnedOptions & { readonly deleted?: boolean },
): Promise<void> {
  const { session, world, out } = context;
  const { deleted = false } = options;
  const owner = await findOwner(context, options.owner ?? 'me');
  const keys = await collect(async (page) => {
    const request = { ...page, owner, deleted };
    const answer = await session.keys.listKeys(request, { signal: world.signal });
    return { items: answer.keys, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(keyView(world.clock), keys);
}

async function listAvailable(
  context: Context,
  _args: readonly string[],
  options: OwnedOptions,
): Promise<void> {
  const { session, world, out } = context;
  const owner = await findOwnerIf(context, options.owner);
  const keys = await collect(async (page) => {
    const request = { ...page, owner, keyId: '' };
    const answer = await session.keys.listAvailableKeys(request, { signal: world.signal });
    return { items: answer.keys, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(keyView(world.clock), keys);
}

async function getKey(
  context: Context,
  args: readonly string[],
  options: OwnedOptions,
): Promise<void> {
  const { session, world, out } = context;
  const id = await findKey(context, argument(args, 0), options.owner);
  const { key } = await session.keys.getKey({ id }, { signal: world.signal });
  out.item(keyView(world.clock), present(key, 'key'));
}

async function listGrants(
  context: Context,
  args: readonly string[],
  options: OwnedOptions,
): Promise<void> {
  const { session, world, out } = context;
  const keyId = await findKey(context, argument(args, 0), options.owner);
  const grants = await collect(async (page) => {
    const answer = await session.keys.listGrants({ ...page, keyId }, { signal: world.signal });
    return { items: answer.grants, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(grantView(world.clock), grants);
}

async function listSignatures(
  context: Context,
  args: readonly string[],
  options: OwnedOptions & { readonly clone?: string },
): Promise<void> {
  const { session, world, out } = context;
  const keyId = await findKey(context, argument(args, 0), options.owner);
  const cloneId = options.clone === undefined ? '' : await findClone(context, options.clone);
  const records = await collect(async (page) => {
    const request = { ...page, keyId, cloneId };
    const answer = await session.keys.listSignatures(request, { signal: world.signal });
    return { items: answer.signatures, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(signatureView(), records);
}

async function listDenials(
  context: Context,
  args: readonly string[],
  options: OwnedOptions,
): Promise<void> {
  const { session, world, out } = context;
  const keyId = await findKey(context, argument(args, 0), options.owner);
  const records = await collect(async (page) => {
    const answer = await session.keys.listDenials({ ...page, keyId }, { signal: world.signal });
    return { items: answer.denials, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(denialView(), records);
}

async function revokeGrant(
  { session, world, out }: Context,
  args: readonly string[],
  { reason = '' }: { readonly reason?: string },
): Promise<void> {
  const request = { grantId: argument(args, 0), executionId: '', reason };
  const { grants } = await session.keys.revokeGrant(request, { signal: world.signal });
  out.list(grantView(world.clock), grants);
}
