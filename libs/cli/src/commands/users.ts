import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { collect } from '../pages.js';
import { findUser, listTeams } from '../resolve.js';
import { teamView, userView } from '../views/teams.js';
import {
  argument,
  type CreateOptions,
  type ListOptions,
  limited,
  limitOf,
  present,
  repeatable,
  requestIdOf,
} from './options.js';

/** Adds `whoami` and `users` to the command. */
export function addUsers(program: Command, act: Act): void {
  program.command('whoami').description('show who you are, and your teams').action(act(whoami));

  const users = program.command('users').description('people who use the mesh');
  repeatable(users.command('create <name>').description('create a user (administrators only)'))
    .option('--admin', 'let the user administer the mesh')
    .action(act(createUser));
  users
    .command('get [user]')
    .description('show a user: an id, or a name for administrators (default: you)')
    .action(act(getUser));
  limited(users.command('list').description('list all users (administrators only)')).action(
    act(listUsers),
  );
}

async function whoami(context: Context): Promise<void> {
  const { out, session, world, target } = context;
  const user = await session.me();
  const teams = await listTeams(context);
  const view = userView(world.clock);
  if (out.json) {
    const shapes = { user: view.shape, team: teamView(world.clock).shape };
    out.value(
      {
        user: out.jsonOf(shapes.user, user),
        teams: teams.map((team) => out.jsonOf(shapes.team, team)),
        endpoints: { ...target.endpoints },
      },
      '',
    );
    return;
  }
  const names = teams.map(({ name }) => name).join(', ');
  const places = Object.entries(target.endpoints).map(([name, address]) => `${name} ${address}`);
  const more = [
    ['teams', names || 'none'],
    ['mesh', places.join(', ')],
  ] as const;
  out.item({ ...view, fields: (item) => [...view.fields(item), ...more] }, user);
}

async function createUser(
  context: Context,
  args: readonly string[],
  options: CreateOptions & { readonly admin?: boolean },
): Promise<void> {
  const { session, world, out } = context;
  const request = {
    requestId: requestIdOf(context, options),
    name: argument(args, 0),
    admin: options.admin ?? false,
  };
  const { user } = await session.users.createUser(request, { signal: world.signal });
  out.item(userView(world.clock), present(user, 'user'));
}

async function getUser(context: Context, [who = 'me']: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const id = await findUser(context, who);
  const { user } = await session.users.getUser({ id }, { signal: world.signal });
  out.item(userView(world.clock), present(user, 'user'));
}

async function listUsers(
  { session, world, out }: Context,
  _args: readonly string[],
  options: ListOptions,
): Promise<void> {
  const users = await collect(async (page) => {
    const answer = await session.users.listUsers(page, { signal: world.signal });
    return { items: answer.users, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(userView(world.clock), users);
}
