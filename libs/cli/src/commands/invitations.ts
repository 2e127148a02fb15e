import { TeamRole } from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { collect } from '../pages.js';
import { parseChoice } from '../parse/choice.js';
import { isId } from '../parse/id.js';
import { parseMoment } from '../parse/time.js';
import { findTeam, findUser } from '../resolve.js';
import { UsageError } from '../usage-error.js';
import { invitationView } from '../views/invitations.js';
import { memberView } from '../views/teams.js';
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
import { readSecret, showOnce } from './secret.js';

interface InviteOptions extends CreateOptions {
  readonly user?: string;
  readonly expires?: string;
  readonly out?: string;
}

/** Adds what is done with invitations to `teams`. */
export function addInvitations(teams: Command, act: Act): void {
  repeatable(teams.command('invite <team> <role>'))
    .description('invite somebody as owner, admin or member: the code is shown once')
    .option('--user <user>', 'the only user who may accept it: an id, or a name')
    .option('--expires <time>', 'a time, or a duration of at most 30d (default: 7d)')
    .option('--out <file>', 'write the code to this file instead of showing it')
    .action(act(invite));
  teams
    .command('accept [invitation]')
    .description('accept an invitation: by its id if it is for you alone, else by its code')
    .option('--code-file <file>', 'the file with the code; - reads it from standard input')
    .action(act(accept));
  teams
    .command('decline <invitation>')
    .description('decline an invitation that is for you')
    .action(act(decline));
  limited(teams.command('invitations [team]'))
    .description('list the open invitations of a team, or those that are for you')
    .option('--all', 'also those that are not open any more')
    .action(act(listInvitations));
  teams
    .command('revoke-invitation <invitation>')
    .description('take an invitation of your team back')
    .action(act(revoke));
}

async function invite(
  context: Context,
  args: readonly string[],
  options: InviteOptions,
): Promise<void> {
  const { session, world, out } = context;
  const { user, expires } = options;
  const request = {
    requestId: requestIdOf(context, options),
    teamId: await findTeam(context, argument(args, 0)),
    role: parseChoice(TeamRole, argument(args, 1)),
    userId: user === undefined ? '' : await findUser(context, user),
    expireTime: expires === undefined ? undefined : parseMoment(expires, world.clock),
  };
  const answer = await session.invitations.createInvitation(request, { signal: world.signal });
  const invitation = present(answer.invitation, 'invitation');
  out.note(`invited to ${invitation.teamName}: ${invitation.id}`);
  const { shape } = invitationView(world.clock);
  const json = out.json ? { invitation: out.jsonOf(shape, invitation) } : {};
  await showOnce(context, { what: 'code', secret: answer.code, json, file: options.out });
}

// What was typed is not repeated: it may be the code.
const NO_ID =
  'that is no id of an invitation; its code is secret: give it by --code-file FILE, or `-` for standard input';

async function accept(
  { session, world, out }: Context,
  [id]: readonly string[],
  { codeFile }: { readonly codeFile?: string },
): Promise<void> {
  if ((id === undefined) === (codeFile === undefined)) {
    throw new UsageError('give the id of an invitation, or --code-file');
  }
  if (id !== undefined && !isId('inv', id)) throw new UsageError(NO_ID);
  const named =
    codeFile === undefined
      ? { $case: 'id' as const, value: id ?? '' }
      : {
          $case: 'code' as const,
          value: (await readSecret(world, codeFile, { what: 'code' })).toString('utf8'),
        };
  const request = { invitation: named };
  const { member } = await session.invitations.acceptInvitation(request, { signal: world.signal });
  out.item(memberView(world.clock), present(member, 'member'));
}

async function decline({ session, world, out }: Context, args: readonly string[]): Promise<void> {
  const request = { id: argument(args, 0) };
  const answer = await session.invitations.declineInvitation(request, { signal: world.signal });
  out.item(invitationView(world.clock), present(answer.invitation, 'invitation'));
}

async function listInvitations(
  context: Context,
  [team]: readonly string[],
  options: ListOptions & { readonly all?: boolean },
): Promise<void> {
  const { session, world, out } = context;
  const teamId = team === undefined ? '' : await findTeam(context, team);
  const all = options.all ?? false;
  const invitations = await collect(async (page) => {
    const request = { ...page, teamId, all };
    const answer = await session.invitations.listInvitations(request, { signal: world.signal });
    return { items: answer.invitations, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(invitationView(world.clock), invitations);
}

async function revoke({ session, world, out }: Context, args: readonly string[]): Promise<void> {
  const request = { id: argument(args, 0) };
  const answer = await session.invitations.revokeInvitation(request, { signal: world.signal });
  out.item(invitationView(world.clock), present(answer.invitation, 'invitation'));
}
