import { type Clone, CloneKind, ClonePhase, StageState } from '@ramet/proto-gen/lifecycle.v1';
import type { Context } from '../../context.js';
import { untilMoved } from './turn-wait.js';
import { waitForClone } from './wait.js';

const { RUNNING, COMPLETED, STOPPED, FAILED, SUSPENDED } = ClonePhase;
/** Where a clone is up, or will not be by itself. */
const STOPS = [RUNNING, COMPLETED, STOPPED, FAILED, SUSPENDED];
/** What runs for as long as it lives. */
const ENDLESS: readonly CloneKind[] = [CloneKind.ENVIRONMENT, CloneKind.INSTANCE];

/**
 * Waits until a clone that was just made is in one of the phases; where none is named, until it is at
 * rest, or until it is up if it is of a kind that does not complete.
 */
export async function waitForStart(
  context: Context,
  clone: Clone,
  phases: readonly ClonePhase[],
): Promise<Clone> {
  const isEndless = phases.length === 0 && ENDLESS.includes(clone.kind);
  return isEndless ? waitUntilUp(context, clone) : waitForClone(context, clone.id, phases);
}

/** Waits until the last stage of a clone runs: it is RUNNING with those before, too. */
async function waitUntilUp(context: Context, { id }: Clone): Promise<Clone> {
  const { clock } = context.world;
  const endMs = clock.elapsed() + (context.timeoutMs ?? Number.POSITIVE_INFINITY);
  for (;;) {
    const left = { ...context, timeoutMs: endMs - clock.elapsed() };
    const clone = await waitForClone(left, id, STOPS);
    const isEarly = clone.phase === RUNNING && clone.stages.at(-1)?.state !== StageState.ACTIVE;
    if (!isEarly) return clone;
    await untilMoved(left, clone);
  }
}
