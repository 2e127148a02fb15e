import {
  type Clone,
  type CloneChange,
  CloneKind,
  type CloneLeft,
  CloneLeftReason,
  ClonePhase,
  type WatchClonesRequest,
  WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { type WatchEvent, watchClones } from '@ramet/sdk';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { nameOf, parseChoice, spelled } from '../../parse/choice.js';
import { parseLabels } from '../../parse/pairs.js';
import { shape } from '../../print/json.js';
import { moment } from '../../print/values.js';
import { visible } from '../../print/width.js';
import { findClone, findOwnerIf, findTeam } from '../../resolve.js';
import { UsageError } from '../../usage-error.js';
import { phaseOf, progressText } from '../../views/clones.js';
import { gather } from '../options.js';
import { parsePhases } from './wait.js';

interface WatchOptions {
  readonly owner?: string;
  readonly team?: string;
  readonly kind?: readonly string[];
  readonly phase?: string;
  readonly label?: readonly string[];
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
    .option('--team <team>', 'only clones of bots of this team')
    .option('--kind <kind>', 'only clones of this kind; may be repeated', gather)
    .option('--phase <phases>', 'only clones in these phases, such as running,failed')
    .option('--label <name=value>', 'only clones with this label; may be repeated', gather)
    .option('--cursor <cursor>', 'go on after this one, as an earlier watch told it (base64)')
    .option('--verify', 'say at each checkpoint what was proven; it is proven either way')
    .option('--until-rest', 'end when the clone is at rest')
    .action(act(watch));
}

async function watch(
  context: Context,
  [clone]: readonly string[],
  options: WatchOptions,
): Promise<void> {
  const { session, world, out } = context;
  const { signal } = world;
  if (options.untilRest && clone === undefined) throw new UsageError('--until-rest wants a clone');
  const cloneId = clone === undefined ? '' : await findClone(context, clone);
  const request = { ...(await filterOf(context, options)), cloneId };
  let { cursor } = request;

  const onAway = (): void => out.note('the watch broke off, going on from its last cursor');
  try {
    for await (const event of watchClones(session.clones, request, { signal, onAway })) {
      ({ cursor } = event);
      tell(context, event, options);
      if (options.untilRest && isRest(event, cloneId)) return;
    }
    signal.throwIfAborted();
  } finally {
    if (signal.aborted && cursor.length > 0) {
      out.note(`to go on from here: --cursor ${cursor.toString('base64')}`);
    }
  }
}

async function filterOf(
  context: Context,
  { owner, team, kind = [], phase, label = [], cursor }: WatchOptions,
): Promise<Omit<WatchClonesRequest, 'cloneId'>> {
  return {
    owner: await findOwnerIf(context, owner),
    teamId: team === undefined ? '' : await findTeam(context, team),
    kinds: kind.map((word) => parseChoice<CloneKind>(CloneKind, word)),
    phases: parsePhases(phase),
    labels: parseLabels(label),
    cursor: cursorOf(cursor),
  };
}

function cursorOf(text = ''): Buffer {
  if (!BASE64.test(text)) throw new UsageError('a cursor is base64, as a watch told it');
  return Buffer.from(text, 'base64');
}

function tell({ out }: Context, event: WatchEvent, { verify }: WatchOptions): void {
  if (event.$case === 'relisted') {
    out.note('the watch could not go on: what follows is how things are');
    return;
  }
  const { cursor, ...told } = event;
  if (verify && told.$case === 'checkpoint') out.note(`proven: ${told.value.count}`);
  out.next(WATCHED, { event: told, cursor }, lineOf(told));
}

function isRest(event: WatchEvent, cloneId: string): boolean {
  const clone = cloneOf(event);
  return clone?.id === cloneId && REST.includes(clone.phase);
}

function cloneOf(event: WatchEvent): Clone | undefined {
  if (event.$case === 'snapshot') return event.value;
  return event.$case === 'change' ? event.value.clone : undefined;
}

/** What a person is told of an event. Nothing of a checkpoint. */
function lineOf(event: NonNullable<WatchClonesResponse['event']>): string {
  switch (event.$case) {
    case 'snapshot':
      return cloneLine(event.value, 'as it is', '');
    case 'change':
      return changeLine(event.value);
    case 'progress': {
      const { cloneId, progress } = event.value;
      const text = progress ? progressText(progress) : '';
      return visible(`${moment(progress?.reportTime)}  ${cloneId}  ${text}`);
    }
    case 'left':
      return leftLine(event.value);
    case 'checkpoint':
      return '';
  }
}

function changeLine({ clone, kind, actor }: CloneChange): string {
  return clone ? cloneLine(clone, kind, actor) : '';
}

function leftLine({ cloneId, reason }: CloneLeft): string {
  return visible(`${cloneId}  left: its ${spelled(nameOf(CloneLeftReason, reason))} is another`);
}

function cloneLine(clone: Clone, kind: string, actor: string): string {
  const parts = [moment(clone.updateTime), clone.id, phaseOf(clone), kind, clone.reason, actor];
  return visible(parts.filter(Boolean).join('  '));
}
