import { type ServiceAccount, TeamRole } from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { collect } from '../pages.js';
import { parseChoice } from '../parse/choice.js';
import { findTeam, findUser } from '../resolve.js';
import { serviceAccountView } from '../views/service-accounts.js';
import { confirm, confirmed } from './confirm.js';
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

interface InTeam {
  readonly team?: string;
}

type Ask = (
  context: Context,
  id: string,
) => Promise<{ readonly serviceAccount: ServiceAccount | undefined }>;

/** Adds `service-accounts` to the command. */
export function addServiceAccounts(program: Command, act: Act): void {
  const accounts = program
    .command('service-accounts')
    .description('programs of a team; `api-keys --user ID` makes their credentials');
  repeatable(accounts.command('create <team> <name>'))
    .description('create a service account in a team')
    .requiredOption('--role <role>', 'what it may do in the team: admin or member')
    .action(act(create));
  limited(
    accounts.command('list <team>').description('list the service accounts of a team'),
  ).action(act(listAccounts));
  inTeam(accounts.command('disable <account>'))
    .description('refuse all that proves who it is, and revoke the grants of its clones')
    .requiredOption('--reason <reason>', 'why; it is kept')
    .action(act(disable));
  inTeam(accounts.command('enable <account>'))
    .description('enable a service account that was disabled')
    .action(
      act(
        asking(({ session, world }, id) =>
          session.serviceAccounts.enableServiceAccount({ id }, { signal: world.signal }),
        ),
      ),
    );
  confirmed(inTeam(accounts.command('delete <account>')))
    .description('delete a service account, with its API keys')
    .action(act(deleteAccount));
}

function inTeam(command: Command): Command {
  return command.option('--team <team>', 'its team, to give its name instead of its id');
}

async function create(
  context: Context,
  args: readonly string[],
  options: CreateOptions & { readonly role: string },
): Promise<void> {
  const { session, world, out } = context;
  const request = {
    requestId: requestIdOf(context, options),
    teamId: await findTeam(context, argument(args, 0)),
    name: argument(args, 1),
    role: parseChoice(TeamRole, options.role),
  };
  const answer = await session.serviceAccounts.createServiceAccount(request, {
    signal: world.signal,
  });
  out.item(serviceAccountView(world.clock), present(answer.serviceAccount, 'service account'));
}

async function listAccounts(
  context: Context,
  args: readonly string[],
  options: ListOptions,
): Promise<void> {
  const { session, world, out } = context;
  const teamId = await findTeam(context, argument(args, 0));
  const accounts = await collect(async (page) => {
    const request = { ...page, teamId };
    const answer = await session.serviceAccounts.listServiceAccounts(request, {
      signal: world.signal,
    });
    return { items: answer.serviceAccounts, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(serviceAccountView(world.clock), accounts);
}

async function disable(
  context: Context,
  args: readonly string[],
  options: InTeam & { readonly reason: string },
): Promise<void> {
  const { reason } = options;
  const ask: Ask = ({ session, world }, id) =>
    session.serviceAccounts.disableServiceAccount({ id, reason }, { signal: world.signal });
  await asking(ask)(context, args, options);
}

async function deleteAccount(
  context: Context,
  args: readonly string[],
  options: InTeam & { readonly yes?: boolean },
): Promise<void> {
  await confirm(context, options, `delete service account ${argument(args, 0)}?`);
  const ask: Ask = ({ session, world }, id) =>
    session.serviceAccounts.deleteServiceAccount({ id }, { signal: world.signal });
  await asking(ask)(context, args, options);
}

function asking(ask: Ask) {
  return async (context: Context, args: readonly string[], { team }: InTeam): Promise<void> => {
    const { world, out } = context;
    const teamId = team === undefined ? undefined : await findTeam(context, team);
    const id = await findUser(context, argument(args, 0), teamId);
    const { serviceAccount } = await ask(context, id);
    out.item(serviceAccountView(world.clock), present(serviceAccount, 'service account'));
  };
}
