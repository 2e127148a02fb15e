import { CloneView } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { collect } from '../../pages.js';
import { parseChoice } from '../../parse/choice.js';
import { narrowedToName } from '../../parse/name-filter.js';
import { findClone, findOwner, findOwnerIf } from '../../resolve.js';
import { cloneView, informationView } from '../../views/clones.js';
import { quotaView } from '../../views/quotas.js';
import { argument, type ListOptions, limited, limitOf } from '../options.js';
import { addCreateClone } from './create.js';
import { addEnds } from './ends.js';
import { addCloneLogs } from './logs.js';
import { addLooks, showClone } from './look.js';
import { addTurns } from './turns.js';
import { addUpdateClone } from './update.js';
import { parsePhases, requireWell, waitForClone } from './wait.js';
import { addWatchClones } from './watch.js';

interface ListClonesOptions extends ListOptions {
  readonly owner?: string;
  readonly view?: string;
  readonly filter?: string;
  readonly orderBy?: string;
  readonly name?: string;
}

/** Adds `clones` and `quota` to the command. */
export function addClones(program: Command, act: Act): void {
  const clones = program.command('clones').description('isolated instances of bots');
  addCreateClone(clones, act);
  limited(clones.command('list').description('list the clones that you see, newest first'))
    .option('--owner <owner>', 'only of this owner: me, a team, or an id')
    .option('--view <view>', 'active, history or all', 'active')
    .option('--name <name>', "of this name, or of names that begin so: 'web-*'")
    .option('--filter <filter>', "of which this is true, such as 'phase = FAILED'")
    .option('--order-by <order>', "in this order, such as 'create_time desc, name'")
    .action(act(listClones));
  addLooks(clones, act);
  addWatchClones(clones, act);
  clones
    .command('wait <clone>')
    .description('wait until a clone is at rest; fails if it has failed')
    .option('--for <phases>', 'wait for one of these instead, such as running,completed')
    .action(act(wait));
  addCloneLogs(clones, act);
  clones
    .command('info <clone>')
    .description('show how its execution goes or went')
    .option('--execution <id>', 'of this execution (default: the current one, or the last)')
    .action(act(info));
  addUpdateClone(clones, act);
  addTurns(clones, act);
  addEnds(clones, act);
  program
    .command('quota [owner]')
    .description("show limits and what is used of them: yours, or a team's")
    .action(act(quota));
}

async function listClones(
  context: Context,
  _args: readonly string[],
  options: ListClonesOptions,
): Promise<void> {
  const { session, world, out } = context;
  const view = parseChoice(CloneView, options.view ?? 'active');
  const owner = await findOwnerIf(context, options.owner);
  const filter = narrowedToName(options.filter, options.name);
  const clones = await collect(async (page) => {
    const request = { ...page, owner, view, filter, orderBy: options.orderBy ?? '' };
    const answer = await session.clones.listClones(request, { signal: world.signal });
    return { items: answer.clones, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(cloneView(world.clock, out.paint), clones);
}

async function wait(
  context: Context,
  args: readonly string[],
  options: { readonly for?: string },
): Promise<void> {
  const phases = parsePhases(options.for);
  const id = await findClone(context, argument(args, 0));
  const clone = await waitForClone(context, id, phases);
  showClone(context, clone);
  if (phases.length === 0) requireWell(clone);
}

async function info(
  context: Context,
  args: readonly string[],
  { execution = '' }: { readonly execution?: string },
): Promise<void> {
  const { session, world, out } = context;
  const cloneId = await findClone(context, argument(args, 0));
  const request = { cloneId, executionId: execution };
  const answer = await session.clones.getCloneExecutionInformation(request, {
    signal: world.signal,
  });
  if (!answer.execution) out.note('it has not run yet');
  out.item(informationView(), answer);
}

async function quota(context: Context, [whose = 'me']: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const owner = await findOwner(context, whose);
  const { quotas } = await session.clones.getQuota({ owner }, { signal: world.signal });
  out.list(quotaView(), quotas);
}
