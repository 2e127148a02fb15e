import type { User } from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { findUser } from '../../resolve.js';
import { userView } from '../../views/teams.js';
import { confirm, confirmed } from '../confirm.js';
import { argument, present } from '../options.js';
import { reasoned } from './reasoned.js';

/** Adds `admin users` to the command. */
export function addAdminUsers(admin: Command, act: Act): void {
  const users = admin.command('users').description('who may prove who they are');
  confirmed(reasoned(users.command('disable <user>')))
    .description('refuse all that proves who they are, and revoke the grants of their clones')
    .action(act(disable));
  users.command('enable <user>').description('enable a user again').action(act(enable));
}

async function disable(
  context: Context,
  args: readonly string[],
  options: { readonly reason: string; readonly yes?: boolean },
): Promise<void> {
  const { session, world } = context;
  const id = await findUser(context, argument(args, 0));
  await confirm(context, options, `disable user ${argument(args, 0)}?`);
  const { reason } = options;
  show(context, (await session.users.disableUser({ id, reason }, { signal: world.signal })).user);
}

async function enable(context: Context, args: readonly string[]): Promise<void> {
  const { session, world } = context;
  const id = await findUser(context, argument(args, 0));
  show(context, (await session.users.enableUser({ id }, { signal: world.signal })).user);
}

function show({ out, world }: Context, user: User | undefined): void {
  out.item(userView(world.clock), present(user, 'user'));
}
