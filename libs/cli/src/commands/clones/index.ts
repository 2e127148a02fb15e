import { type Clone, ClonePhase, CloneView } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { collect } from '../../pages.js';
import { parseChoice } from '../../parse/choice.js';
import { narrowedToName } from '../../parse/name-filter.js';
import { findClone, findOwner, findOwnerIf } from '../../resolve.js';
import { cloneView, historyView, informationView, quotaView } from '../../views/clones.js';
import { confirm, confirmed } from '../confirm.js';
import { argument, type ListOptions, limited, limitOf, present } from '../options.js';
import { addCreateClone } from './create.js';
import { addCloneLogs } from './logs.js';
import { parsePhases, requireWell, waitForClone } from './wait.js';
import { addWatchClones } from './watch.js';

interface ListClonesOptions extends ListOptions {
  readonly owner?: string;
  readonly view?: string;
  readonly filter?: string;
  readonly orderBy?: string;
  readonly name?: string;
}

interface EndOptions {
  readonly etag?: string;
  readonly yes?: boolean;
  readonly wait?: boolean;
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
  clones.command('get <clone>').description('show a clone').action(act(getClone));
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
  limited(clones.command('history <clone>').description('list what has happened to it')).action(
    act(history),
  );
  clones
    .command('stop <clone>')
    .description('stop a clone; it is kept to be looked at')
    .option('--etag <etag>', 'only as it was read')
    .option('--wait', 'wait until it is at rest')
    .action(act(stopClone));
  confirmed(clones.command('delete <clone>').description('delete a clone and free its key'))
    .option('--etag <etag>', 'only as it was read')
    .option('--wait', 'wait until it is gone')
    .action(act(deleteClone));

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

async function getClone(context: Context, args: readonly string[]): Promise<void> {
  const { session, world } = context;
  const id = await findClone(context, argument(args, 0));
  const { clone } = await session.clones.getClone({ id }, { signal: world.signal });
  show(context, clone);
}

async function wait(
  context: Context,
  args: readonly string[],
  options: { readonly for?: string },
): Promise<void> {
  const phases = parsePhases(options.for);
  const id = await findClone(context, argument(args, 0));
  const clone = await waitForClone(context, id, phases);
  show(context, clone);
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

async function history(
  context: Context,
  args: readonly string[],
  options: ListOptions,
): Promise<void> {
  const { session, world, out } = context;
  const cloneId = await findClone(context, argument(args, 0));
  const entries = await collect(async (page) => {
    const request = { ...page, cloneId };
    const answer = await session.clones.listCloneHistory(request, { signal: world.signal });
    return { items: answer.entries, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(historyView(out.paint), entries);
}

async function stopClone(
  context: Context,
  args: readonly string[],
  options: EndOptions,
): Promise<void> {
  const { session, world } = context;
  const id = await findClone(context, argument(args, 0));
  const request = { id, etag: options.etag ?? '' };
  const { clone } = await session.clones.stopClone(request, { signal: world.signal });
  show(context, options.wait ? await waitForClone(context, id, []) : clone);
}

async function deleteClone(
  context: Context,
  args: readonly string[],
  options: EndOptions,
): Promise<void> {
  const { session, world } = context;
  const id = await findClone(context, argument(args, 0));
  await confirm(context, options, `delete clone ${argument(args, 0)} and all it had?`);
  const request = { id, etag: options.etag ?? '' };
  const { clone } = await session.clones.deleteClone(request, { signal: world.signal });
  show(context, options.wait ? await waitForClone(context, id, [ClonePhase.DELETED]) : clone);
}

async function quota(context: Context, [whose = 'me']: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const owner = await findOwner(context, whose);
  const { quotas } = await session.clones.getQuota({ owner }, { signal: world.signal });
  out.list(quotaView(), quotas);
}

function show({ world, out }: Context, clone: Clone | undefined): void {
  out.item(cloneView(world.clock, out.paint), present(clone, 'clone'));
}
