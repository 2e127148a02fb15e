import { type Clone, ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import type { Context } from '../../context.js';
import { parseChoice, spelled } from '../../parse/choice.js';
import { FailedError } from '../../usage-error.js';
import { phaseOf } from '../../views/clones.js';
import { present } from '../options.js';
import { persist } from './persist.js';

/** One call waits no longer than this: the service allows a minute at most. */
const CALL_MS = 50_000;
const PAUSE_MS = 200;
const BAD: readonly ClonePhase[] = [ClonePhase.FAILED, ClonePhase.CLEANUP_FAILED];

/** Reads phases as people list them: `running,completed`. */
export function parsePhases(text: string | undefined): readonly ClonePhase[] {
  return (text ?? '').split(',').flatMap((word) => {
    return word === '' ? [] : [parseChoice<ClonePhase>(ClonePhase, word.trim())];
  });
}

/**
 * Waits until a clone is in one of the phases, or at rest where none is named.
 *
 * Goes on while lifecycle is away. Ends with DEADLINE_EXCEEDED after `--timeout`, if it was given.
 */
export async function waitForClone(
  { session, world, out, timeoutMs = Number.POSITIVE_INFINITY }: Context,
  id: string,
  phases: readonly ClonePhase[],
): Promise<Clone> {
  const { clock, signal } = world;
  const endMs = clock.elapsed() + timeoutMs;
  const onAway = (): void => out.note('lifecycle is away, trying again');
  return await persist({ clock, signal, onAway }, async (answered) => {
    for (;;) {
      const leftMs = endMs - clock.elapsed();
      if (leftMs <= 0) throw new RemoteError('DEADLINE_EXCEEDED', waitedFor(id, phases));
      try {
        const request = { id, phases };
        const options = { signal, timeoutMs: Math.min(leftMs, CALL_MS) };
        const { clone } = await session.clones.waitClone(request, options);
        return present(clone, 'clone');
      } catch (thrown) {
        if (!isLate(thrown) || signal.aborted) throw thrown;
        answered();
        await clock.sleep(PAUSE_MS, signal);
      }
    }
  });
}

/** Throws FailedError for a clone that rests where nobody wanted it. */
export function requireWell(clone: Clone): void {
  if (!BAD.includes(clone.phase)) return;
  const why = [clone.reason, clone.message].filter(Boolean).join(': ');
  throw new FailedError(`clone ${clone.id} is ${phaseOf(clone)}${why && ` (${why})`}`);
}

function waitedFor(id: string, phases: readonly ClonePhase[]): string {
  const words = phases.map((phase) => spelled(phaseOf({ phase }))).join(' or ');
  return `clone ${id} is not ${words || 'at rest'} yet`;
}

function isLate(thrown: unknown): boolean {
  return thrown instanceof RemoteError && thrown.code === 'DEADLINE_EXCEEDED';
}
