import { type Clone, ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import type { Context } from '../../context.js';
import { FailedError } from '../../usage-error.js';
import { phaseOf } from '../../views/clones.js';
import { waitForClone } from './wait.js';

/** What a clone was asked to do. */
export interface Turn {
  /** The clone as it was when it had been asked. */
  readonly before: Clone;
  /** Where it is to come to. */
  readonly wanted: readonly ClonePhase[];
  /** Whether it leaves its phase for that, even if that is one of them. */
  readonly leaves: boolean;
  /** The condition that says that it was not done. Absent: its phase says all. */
  readonly undone?: 'UPDATE_FAILED' | 'NOT_PUT_DOWN';
}

/** Where a clone stays that does not come to where it was to come to. */
const ENDS: readonly ClonePhase[] = [
  ClonePhase.COMPLETED,
  ClonePhase.STOPPED,
  ClonePhase.FAILED,
  ClonePhase.SUSPENDED,
  ClonePhase.ARCHIVED,
  ClonePhase.CLEANUP_FAILED,
];
const ALL: readonly ClonePhase[] = Object.values(ClonePhase).filter((phase) => phase !== 0);
/** A clone that left its phase and came back between two calls is found out after this long. */
const RECHECK_MS = 5_000;

/**
 * Waits until a clone has done what it was asked to.
 *
 * A request is recorded before the clone moves: an answer of a wait counts only once it has, or once
 * what was asked is over. Throws FailedError if it came to rest elsewhere, or back to where it was.
 */
export async function waitForTurn(context: Context, turn: Turn): Promise<Clone> {
  const { before, wanted, leaves } = turn;
  if (!leaves && wanted.includes(before.phase)) return before;
  const { clock } = context.world;
  const endMs = clock.elapsed() + (context.timeoutMs ?? Number.POSITIVE_INFINITY);
  const stops = [...new Set([...wanted, ...ENDS, before.phase])];
  for (;;) {
    const left = { ...context, timeoutMs: endMs - clock.elapsed() };
    const clone = await waitForClone(left, before.id, stops);
    if (hasMoved(before, clone) || isOver(before, clone)) return required(clone, turn);
    await untilMoved(left, before);
  }
}

/** Waits until a clone has left its phase, or for a while: it may have left and come back unseen. */
export async function untilMoved(context: Context, { id, phase }: Clone): Promise<void> {
  const others = ALL.filter((each) => each !== phase);
  const timeoutMs = Math.min(RECHECK_MS, context.timeoutMs ?? RECHECK_MS);
  try {
    await waitForClone({ ...context, timeoutMs }, id, others);
  } catch (thrown) {
    const isLate = thrown instanceof RemoteError && thrown.code === 'DEADLINE_EXCEEDED';
    if (!isLate || timeoutMs < RECHECK_MS) throw thrown;
  }
}

function hasMoved(before: Clone, clone: Clone): boolean {
  return clone.phase !== before.phase || clone.phaseTime?.getTime() !== before.phaseTime?.getTime();
}

/** Tells whether what was asked is not on its way any more. */
function isOver(before: Clone, { actionId }: Clone): boolean {
  return before.actionId !== '' && before.actionId !== actionId;
}

function required(clone: Clone, { wanted, undone }: Turn): Clone {
  const failed = clone.conditions.find(({ type }) => type === undone);
  if (failed && undone === 'UPDATE_FAILED') {
    throw new FailedError(`clone ${clone.id} was not updated: ${failed.message}`);
  }
  if (wanted.includes(clone.phase)) return clone;
  const why = failed?.message ?? [clone.reason, clone.message].filter(Boolean).join(': ');
  throw new FailedError(`clone ${clone.id} is ${phaseOf(clone)}${why && ` (${why})`}`);
}
