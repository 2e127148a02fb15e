import { TeamRole } from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { collect } from '../pages.js';
import { parseChoice } from '../parse/choice.js';
import { findTeam, findUser, listTeams } from '../resolve.js';
import { memberView, teamView } from '../views/teams.js';
import { confirm, confirmed } from './confirm.js';
import { addInvitations } from './invitations.js';
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

/** Adds `teams` and `teams members` to the command. */
export function addTeams(program: Command, act: Act): void {
  const teams = program.command('teams').description('groups of people that own bots and keys');
  repeatable(
    teams.command('create <name>').description('create a team: you become its OWNER'),
  ).action(act(createTeam));
  limited(teams.command('list').description('list your teams'))
    .option('--all', 'all teams of the mesh (administrators only)')
    .action(act(list));
  teams.command('get <team>').description('show a team').action(act(getTeam));
  confirmed(teams.command('delete <team>').description('delete a team without bots'))
    .option('--etag <etag>', 'only as it was read')
    .action(act(deleteTeam));
  confirmed(teams.command('leave <team>').description('leave a team')).action(act(leave));
  confirmed(teams.command('transfer <team> <user>'))
    .description('make another member OWNER: you stay ADMIN')
    .action(act(transfer));
  addInvitations(teams, act);

  const members = teams.command('members').description('who is in a team');
  limited(members.command('list <team>').description('list who is in a team')).action(
    act(listMembers),
  );
  members
    .command('set <team> <user> <role>')
    .description('add a user, or change their role: owner, admin or member')
    .action(act(setMember));
  members
    .command('remove <team> <user>')
    .description('remove a user, or leave with `me`')
    .action(act(removeMember));
}

async function createTeam(
  context: Context,
  args: readonly string[],
  options: CreateOptions,
): Promise<void> {
  const { session, world, out } = context;
  const request = { requestId: requestIdOf(context, options), name: argument(args, 0) };
  const { team } = await session.teams.createTeam(request, { signal: world.signal });
  out.item(teamView(world.clock), present(team, 'team'));
}

async function list(
  context: Context,
  _args: readonly string[],
  options: ListOptions & { readonly all?: boolean },
): Promise<void> {
  const teams = await listTeams(context, options.all ?? false);
  context.out.list(teamView(context.world.clock), teams.slice(0, limitOf(options)));
}

async function getTeam(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const id = await findTeam(context, argument(args, 0));
  const { team } = await session.teams.getTeam({ id }, { signal: world.signal });
  out.item(teamView(world.clock), present(team, 'team'));
}

async function deleteTeam(
  context: Context,
  args: readonly string[],
  options: { readonly etag?: string; readonly yes?: boolean },
): Promise<void> {
  const { session, world, out } = context;
  const id = await findTeam(context, argument(args, 0));
  await confirm(context, options, `delete team ${argument(args, 0)}?`);
  const request = { id, etag: options.etag ?? '' };
  const { team } = await session.teams.deleteTeam(request, { signal: world.signal });
  out.item(teamView(world.clock), present(team, 'team'));
}

async function listMembers(
  context: Context,
  args: readonly string[],
  options: ListOptions,
): Promise<void> {
  const { session, world, out } = context;
  const teamId = await findTeam(context, argument(args, 0));
  const members = await collect(async (page) => {
    const request = { ...page, teamId, userId: '' };
    const answer = await session.teams.listTeamMembers(request, { signal: world.signal });
    return { items: answer.members, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(memberView(world.clock), members);
}

async function setMember(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const role = parseChoice(TeamRole, argument(args, 2));
  const teamId = await findTeam(context, argument(args, 0));
  const userId = await findUser(context, argument(args, 1), teamId);
  const request = { teamId, userId, role };
  const { member } = await session.teams.setTeamMember(request, { signal: world.signal });
  out.item(memberView(world.clock), present(member, 'member'));
}

async function removeMember(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const teamId = await findTeam(context, argument(args, 0));
  const userId = await findUser(context, argument(args, 1), teamId);
  await session.teams.removeTeamMember({ teamId, userId }, { signal: world.signal });
  out.value({ teamId, userId, removed: true }, `removed ${argument(args, 1)}`);
}

async function leave(
  context: Context,
  args: readonly string[],
  options: { readonly yes?: boolean },
): Promise<void> {
  const { session, world, out } = context;
  const teamId = await findTeam(context, argument(args, 0));
  const { id: userId } = await session.me();
  await confirm(context, options, `leave team ${argument(args, 0)}?`);
  await session.teams.removeTeamMember({ teamId, userId }, { signal: world.signal });
  out.value({ teamId, userId, removed: true }, `left ${argument(args, 0)}`);
}

async function transfer(
  context: Context,
  args: readonly string[],
  options: { readonly yes?: boolean },
): Promise<void> {
  const { session, world, out } = context;
  const [team, user] = [argument(args, 0), argument(args, 1)];
  const teamId = await findTeam(context, team);
  const userId = await findUser(context, user, teamId);
  await confirm(context, options, `make ${user} the OWNER of ${team}?`);
  const request = { teamId, userId };
  const answer = await session.teams.transferTeamOwnership(request, { signal: world.signal });
  const members = [answer.owner, answer.formerOwner].map((member) => present(member, 'member'));
  out.list(memberView(world.clock), members);
}
