import type { ListActionsRequest } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { collect } from '../pages.js';
import { visibleText } from '../print/width.js';
import { findClone, findOwnerIf } from '../resolve.js';
import { actionLogView, actionView } from '../views/actions.js';
import { argument, type ListOptions, limited, limitOf } from './options.js';

interface ListActionsOptions extends ListOptions {
  readonly clone?: string;
  readonly owner?: string;
}

/** Adds `actions` to the command. */
export function addActions(program: Command, act: Act): void {
  const actions = program.command('actions').description('what people did to clones');
  limited(actions.command('list').description('list actions, newest first'))
    .option('--clone <clone>', 'only on this clone: an id, or a name')
    .option('--owner <owner>', 'only on clones of this owner: me, a team, or an id')
    .action(act(listActions));
  actions
    .command('log <action>')
    .description('show an action, and the end of what the workload printed during it')
    .action(act(getActionLog));
}

async function listActions(
  context: Context,
  _args: readonly string[],
  options: ListActionsOptions,
): Promise<void> {
  const { session, world, out } = context;
  const owner = await findOwnerIf(context, options.owner);
  const cloneId = options.clone === undefined ? '' : await findClone(context, options.clone);
  const found = await collect(async (page) => {
    const request: ListActionsRequest = { ...page, cloneId, owner };
    const answer = await session.actions.listActions(request, { signal: world.signal });
    return { items: answer.actions, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(actionView(world.clock, out.paint), found);
}

async function getActionLog(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const id = argument(args, 0);
  const answer = await session.actions.getActionLog({ id }, { signal: world.signal });
  out.item(actionLogView(), answer);
  const text = answer.outputTail.toString('utf8');
  if (!out.json && text !== '') world.terminal.print(`\n${visibleText(text).trimEnd()}\n`);
}
