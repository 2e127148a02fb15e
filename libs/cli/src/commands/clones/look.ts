import {
  type Clone,
  DiffCloneRequest,
  GetCloneRequest,
  ListCloneExecutionsRequest,
  ListCloneHistoryRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { collect } from '../../pages.js';
import { parseHistoryMoment, parsePast } from '../../parse/past.js';
import { findClone } from '../../resolve.js';
import { cloneView, executionView, historyView } from '../../views/clones.js';
import { diffView, explanationView } from '../../views/explanations.js';
import { argument, gather, type ListOptions, limited, limitOf, present } from '../options.js';

interface HistoryOptions extends ListOptions {
  readonly kind?: readonly string[];
  readonly actor?: string;
  readonly since?: string;
  readonly until?: string;
}

const MOMENT = 'seq:N, position:N, a time, or how long ago, such as 2h';
const PAST = 'a time, or how long ago, such as 2h';
/** The actor that stands for whoever asks. */
const ME = 'me';

/** Adds the commands that look at one clone, as it is and as it was. */
export function addLooks(clones: Command, act: Act): void {
  clones
    .command('get <clone>')
    .description('show a clone')
    .option('--as-of <moment>', `as it was then: ${MOMENT}`)
    .action(act(getClone));
  limited(clones.command('history <clone>').description('list what has happened to it'))
    .option('--kind <kind>', 'only this, such as clone.phase_changed; may be repeated', gather)
    .option('--actor <actor>', 'only by this one: me, user:ID or service:NAME')
    .option('--since <time>', `only from then on: ${PAST}`)
    .option('--until <time>', `only before then: ${PAST}`)
    .action(act(history));
  limited(
    clones.command('executions <clone>').description('list its executions, newest first'),
  ).action(act(executions));
  clones
    .command('explain <clone>')
    .description('tell why a clone is as it is, and what would change that')
    .action(act(explain));
  clones
    .command('diff <clone> <from> [to]')
    .description('tell what of a clone differs between two moments (default: until now)')
    .addHelpText('after', `\nA moment is ${MOMENT}.`)
    .action(act(diff));
}

async function getClone(
  context: Context,
  args: readonly string[],
  options: { readonly asOf?: string },
): Promise<void> {
  const { session, world } = context;
  const asOf =
    options.asOf === undefined ? {} : { asOf: parseHistoryMoment(options.asOf, world.clock) };
  const id = await findClone(context, argument(args, 0));
  const request = GetCloneRequest.fromPartial({ id, ...asOf });
  const { clone } = await session.clones.getClone(request, { signal: world.signal });
  showClone(context, clone);
}

async function history(
  context: Context,
  args: readonly string[],
  options: HistoryOptions,
): Promise<void> {
  const { session, world, out } = context;
  const { kind: kinds = [], since, until } = options;
  const times = {
    ...(since !== undefined && { startTime: parsePast(since, world.clock) }),
    ...(until !== undefined && { endTime: parsePast(until, world.clock) }),
  };
  const actor = await actorOf(context, options.actor);
  const cloneId = await findClone(context, argument(args, 0));
  const entries = await collect(async (page) => {
    const request = ListCloneHistoryRequest.fromPartial({
      ...page,
      ...{ cloneId, kinds, actor },
      ...times,
    });
    const answer = await session.clones.listCloneHistory(request, { signal: world.signal });
    return { items: answer.entries, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(historyView(out.paint), entries);
}

async function actorOf({ session }: Context, actor = ''): Promise<string> {
  return actor === ME ? `user:${(await session.me()).id}` : actor;
}

async function executions(
  context: Context,
  args: readonly string[],
  options: ListOptions,
): Promise<void> {
  const { session, world, out } = context;
  const cloneId = await findClone(context, argument(args, 0));
  const found = await collect(async (page) => {
    const request = ListCloneExecutionsRequest.fromPartial({ ...page, cloneId });
    const answer = await session.clones.listCloneExecutions(request, { signal: world.signal });
    return { items: answer.executions, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(executionView(world.clock, out.paint), found);
}

async function explain(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const id = await findClone(context, argument(args, 0));
  out.item(explanationView(), await session.clones.explainClone({ id }, { signal: world.signal }));
}

async function diff(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const [, , to] = args;
  const a = parseHistoryMoment(argument(args, 1), world.clock);
  const b = to === undefined ? {} : { b: parseHistoryMoment(to, world.clock) };
  const id = await findClone(context, argument(args, 0));
  const request = DiffCloneRequest.fromPartial({ id, a, ...b });
  const answer = await session.clones.diffClone(request, { signal: world.signal });
  if (answer.diffs.length === 0) out.note('nothing differs');
  out.item(diffView(), answer);
}

/** Shows the clone of an answer. */
export function showClone({ world, out }: Context, clone: Clone | undefined): void {
  out.item(cloneView(world.clock, out.paint), present(clone, 'clone'));
}
