import { EntitledKind, type Owner, type Standing, StandingView } from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { collect } from '../../pages.js';
import { parseChoice } from '../../parse/choice.js';
import { findAnyOwner } from '../../resolve.js';
import { standingView } from '../../views/standings.js';
import { confirm, confirmed } from '../confirm.js';
import { argument, gather, type ListOptions, limited, limitOf, present } from '../options.js';
import { reasoned } from './reasoned.js';

interface Change {
  readonly reason: string;
}

type Ask = (
  context: Context,
  request: { readonly owner: Owner; readonly reason: string },
) => Promise<{ readonly standing: Standing | undefined }>;

const OWNER = '<owner>';

/** Adds the deny list and the access list to `admin`. */
export function addStandings(admin: Command, act: Act): void {
  admin.addHelpText('after', '\nAn owner is user:NAME, team:NAME, the name of a team, or an id.');

  confirmed(reasoned(admin.command(`deny ${OWNER}`)))
    .description('put an owner on the deny list: all that they own is deprovisioned')
    .action(act(deny));
  reasoned(admin.command(`allow ${OWNER}`))
    .description('take an owner off the deny list; what was deprovisioned stays so')
    .action(act(changer(allow)));
  reasoned(admin.command(`grant-access ${OWNER}`))
    .description('put an owner on the access list: these kinds of clones do not expire on trial')
    .requiredOption('--kind <kind>', 'bot, workflow, environment or instance; repeatable', gather)
    .action(act(grantAccess));
  reasoned(admin.command(`withdraw-access ${OWNER}`))
    .description('take an owner off the access list')
    .action(act(changer(withdrawAccess)));
  admin
    .command(`standing ${OWNER}`)
    .description('show whether an owner is on a list, and why')
    .action(act(getStanding));
  limited(admin.command('standings').description('list the owners who are on a list'))
    .option('--list <list>', 'only of this list: denied or access')
    .action(act(listStandings));
}

const allow: Ask = ({ session, world }, request) =>
  session.standings.allowOwner(request, { signal: world.signal });

const withdrawAccess: Ask = ({ session, world }, request) =>
  session.standings.withdrawAccess(request, { signal: world.signal });

function changer(ask: Ask) {
  return async (context: Context, args: readonly string[], { reason }: Change): Promise<void> => {
    const owner = await findAnyOwner(context, argument(args, 0));
    const { standing } = await ask(context, { owner, reason });
    show(context, standing);
  };
}

async function deny(
  context: Context,
  args: readonly string[],
  options: Change & { readonly yes?: boolean },
): Promise<void> {
  const { session, world } = context;
  const { signal } = world;
  const owner = await findAnyOwner(context, argument(args, 0));
  await confirm(context, options, `deny ${argument(args, 0)}, and delete all that they own?`);
  const request = { owner, reason: options.reason };
  const { standing } = await session.standings.denyOwner(request, { signal });
  show(context, standing);
}

async function grantAccess(
  context: Context,
  args: readonly string[],
  options: Change & { readonly kind: readonly string[] },
): Promise<void> {
  const { session, world } = context;
  const { signal } = world;
  const kinds = options.kind.map((text) => parseChoice<EntitledKind>(EntitledKind, text));
  const owner = await findAnyOwner(context, argument(args, 0));
  const request = { owner, kinds: [...new Set(kinds)], reason: options.reason };
  const { standing } = await session.standings.grantAccess(request, { signal });
  show(context, standing);
}

async function getStanding(context: Context, args: readonly string[]): Promise<void> {
  const { session, world } = context;
  const { signal } = world;
  const owner = await findAnyOwner(context, argument(args, 0));
  const { standing } = await session.standings.getStanding({ owner }, { signal });
  show(context, standing);
}

async function listStandings(
  { session, world, out }: Context,
  _args: readonly string[],
  options: ListOptions & { readonly list?: string },
): Promise<void> {
  const { signal } = world;
  const view = options.list
    ? parseChoice<StandingView>(StandingView, options.list)
    : StandingView.UNSPECIFIED;
  const standings = await collect(async (page) => {
    const answer = await session.standings.listStandings({ ...page, view }, { signal });
    return { items: answer.standings, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(standingView(world.clock), standings);
}

function show({ out, world }: Context, standing: Standing | undefined): void {
  out.item(standingView(world.clock), present(standing, 'standing'));
}
