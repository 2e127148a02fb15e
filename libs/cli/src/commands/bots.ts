import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { collect } from '../pages.js';
import { findBot, findOwner, findTeam, listTeams } from '../resolve.js';
import { botView } from '../views/teams.js';
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
import { requireSource, type SourceOptions, sourced, sourceIf } from './source.js';

interface CreateBotOptions extends CreateOptions, SourceOptions {
  readonly team: string;
}

interface SetSourceOptions extends SourceOptions {
  readonly owner?: string;
}

const TEAM = 'team';

/** Adds `bots` to the command. */
export function addBots(program: Command, act: Act): void {
  const bots = program.command('bots').description('what clones are instances of');
  sourced(repeatable(bots.command('create <name> [command...]')))
    .description('create a bot in a team; after `--` the program that clones of the team run')
    .requiredOption('--team <team>', 'the team: an id or a name')
    .action(act(createBot));
  limited(bots.command('list').description('list the bots of your teams'))
    .option('--team <team>', 'only of this team')
    .action(act(listBots));
  bots.command('get <bot>').description('show a bot').action(act(getBot));
  sourced(bots.command('set-source <bot> [command...]'))
    .description('set the program that clones run, after `--`; running clones keep theirs')
    .option('--owner <owner>', 'for whose clones: team, or me for your personal ones', TEAM)
    .action(act(setSource));
  confirmed(bots.command('delete <bot>').description('delete a bot; clones of it go on'))
    .option('--etag <etag>', 'only as it was read')
    .action(act(deleteBot));
}

async function createBot(
  context: Context,
  [name = '', ...command]: readonly string[],
  options: CreateBotOptions,
): Promise<void> {
  const { session, world, out } = context;
  const request = {
    requestId: requestIdOf(context, options),
    teamId: await findTeam(context, options.team),
    name,
    teamSource: sourceIf(options, command),
  };
  const { bot } = await session.bots.createBot(request, { signal: world.signal });
  out.item(botView(world.clock), present(bot, 'bot'));
}

async function listBots(
  context: Context,
  _args: readonly string[],
  options: ListOptions & { readonly team?: string },
): Promise<void> {
  const { session, world, out } = context;
  const teamIds = options.team
    ? [await findTeam(context, options.team)]
    : (await listTeams(context)).map(({ id }) => id);
  const bots = await Promise.all(
    teamIds.map((teamId) => {
      return collect(async (page) => {
        const answer = await session.bots.listBots({ ...page, teamId }, { signal: world.signal });
        return { items: answer.bots, next: answer.nextPageToken };
      }, limitOf(options));
    }),
  );
  out.list(botView(world.clock), bots.flat().slice(0, limitOf(options)));
}

async function getBot(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const id = await findBot(context, argument(args, 0));
  const { bot } = await session.bots.getBot({ id }, { signal: world.signal });
  out.item(botView(world.clock), present(bot, 'bot'));
}

async function setSource(
  context: Context,
  [name = '', ...command]: readonly string[],
  { owner: whose = TEAM, ...options }: SetSourceOptions,
): Promise<void> {
  const { session, world, out } = context;
  const { signal } = world;
  const source = requireSource(options, command);
  const id = await findBot(context, name);
  const before = whose === TEAM ? await session.bots.getBot({ id }, { signal }) : undefined;
  const owner = await findOwner(context, before?.bot?.teamId ?? whose);
  const { bot } = await session.bots.setBotSource({ id, owner, source }, { signal });
  out.item(botView(world.clock), present(bot, 'bot'));
}

async function deleteBot(
  context: Context,
  args: readonly string[],
  options: { readonly etag?: string; readonly yes?: boolean },
): Promise<void> {
  const { session, world, out } = context;
  const id = await findBot(context, argument(args, 0));
  await confirm(context, options, `delete bot ${argument(args, 0)}?`);
  const request = { id, etag: options.etag ?? '' };
  const { bot } = await session.bots.deleteBot(request, { signal: world.signal });
  out.item(botView(world.clock), present(bot, 'bot'));
}
