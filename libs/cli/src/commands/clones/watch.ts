import {
  type Clone,
  type CloneChange,
  ClonePhase,
  type WatchClonesRequest,
  WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { shape } from '../../print/json.js';
import { moment } from '../../print/values.js';
import { visible } from '../../print/width.js';
import { findClone, findOwnerIf } from '../../resolve.js';
import { UsageError } from '../../usage-error.js';
import { phaseOf, progressText } from '../../views/clones.js';
import { Tally } from './checkpoint.js';
import { persist } from './persist.js';

interface WatchOptions {
  readonly owner?: string;
  readonly cursor?: string;
  readonly verify?: boolean;
  readonly untilRest?: boolean;
}

const WATCHED = shape('lifecycle.v1.WatchClonesResponse', WatchClonesResponse);
const REST: readonly ClonePhase[] = [
  ClonePhase.COMPLETED,
  ClonePhase.STOPPED,
  ClonePhase.FAILED,
  ClonePhase.DELETED,
];
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Adds `clones watch`. */
export function addWatchClones(clones: Command, act: Act): void {
  clones
    .command('watch [clone]')
    .description('show clones as they are, then every change of them')
    .option('--owner <owner>', 'only clones of this owner')
    .option('--cursor <cursor>', 'go on after this one, as an earlier watch told it (base64)')
    .option('--verify', 'prove at each checkpoint that no change was missed')
    .option('--until-rest', 'end when the clone is at rest')
    .action(act(watch));
}

async function watch(
  context: Context,
  [clone]: readonly string[],
  options: WatchOptions,
): Promise<void> {
  const { session, world, out } = context;
  const { clock, signal } = world;
  if (options.untilRest && clone === undefined) throw new UsageError('--until-rest wants a clone');
  const cloneId = clone === undefined ? '' : await findClone(context, clone);
  const owner = await findOwnerIf(context, options.owner);
  let cursor = cursorOf(options.cursor);

  const onAway = (): void => out.note('the watch broke off, going on from its last cursor');
  await persist({ clock, signal, onAway }, async (answered) => {
    const tally = new Tally();
    const request: WatchClonesRequest = { owner, cloneId, cursor };
    for await (const told of session.clones.watchClones(request, { signal })) {
      answered();
      if (told.cursor.length > 0) cursor = told.cursor;
      if (options.verify) verify(tally, told);
      out.next(WATCHED, told, lineOf(told));
      if (options.untilRest && isRest(told, cloneId)) return;
    }
  }).finally(() => {
    if (signal.aborted && cursor.length > 0) {
      out.note(`to go on from here: --cursor ${cursor.toString('base64')}`);
    }
  });
}

function cursorOf(text = ''): Buffer {
  if (!BASE64.test(text)) throw new UsageError('a cursor is base64, as a watch told it');
  return Buffer.from(text, 'base64');
}

function verify(tally: Tally, { event }: WatchClonesResponse): void {
  if (event?.$case === 'change') tally.add(event.value);
  if (event?.$case === 'checkpoint') tally.check(event.value);
}

function isRest({ event }: WatchClonesResponse, cloneId: string): boolean {
  const clone = cloneOf(event);
  return clone?.id === cloneId && REST.includes(clone.phase);
}

function cloneOf(event: WatchClonesResponse['event']): Clone | undefined {
  if (event?.$case === 'snapshot') return event.value;
  return event?.$case === 'change' ? event.value.clone : undefined;
}

/** What a person is told of an event. Nothing of a checkpoint. */
function lineOf({ event }: WatchClonesResponse): string {
  switch (event?.$case) {
    case 'snapshot':
      return cloneLine(event.value, 'as it is', '');
    case 'change':
      return changeLine(event.value);
    case 'progress': {
      const { cloneId, progress } = event.value;
      const text = progress ? progressText(progress) : '';
      return visible(`${moment(progress?.reportTime)}  ${cloneId}  ${text}`);
    }
    case 'checkpoint':
    case undefined:
      return '';
  }
}

function changeLine({ clone, kind, actor }: CloneChange): string {
  return clone ? cloneLine(clone, kind, actor) : '';
}

function cloneLine(clone: Clone, kind: string, actor: string): string {
  const parts = [moment(clone.updateTime), clone.id, phaseOf(clone), kind, clone.reason, actor];
  return visible(parts.filter(Boolean).join('  '));
}
