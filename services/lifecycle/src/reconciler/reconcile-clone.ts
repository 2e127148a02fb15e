import { backoff } from '@ramet/reconcile';
import { RemoteError } from '@ramet/rpc';
import type { Deps, Kept, Task } from '../deps.js';
import type { Clone } from '../domain/clone.js';
import { type Facts, factsAfter } from '../domain/facts.js';
import { plan } from '../domain/plan.js';
import { writeProblem } from '../domain/problem.js';
import type { Action, Change } from '../domain/steps.js';
import { problemOf } from '../outside/refusal.js';
import { perform } from './perform.js';

type Needs = Pick<
  Deps,
  | 'clones'
  | 'reads'
  | 'keys'
  | 'executor'
  | 'runners'
  | 'work'
  | 'failpoints'
  | 'deadlines'
  | 'clock'
  | 'ids'
  | 'leaseMs'
>;

/** What one pass may do at most: far more than any clone needs, to end a plan that runs in circles. */
const MAX_ACTIONS = 24;

const AWAY_MS = 5_000;

const ACTOR = 'service:lifecycle';

/**
 * Brings a clone as far as it can go now: asks peers one thing after the other, and records each
 * change before the next effect. It stops well before its lease ends.
 *
 * Whatever goes wrong is noted with the clone's work, which is due again after a while.
 */
export function reconcileClone(needs: Needs): (task: Task, signal: AbortSignal) => Promise<void> {
  const { work, failpoints } = needs;
  return async (task, signal) => {
    try {
      await pass(needs, task, signal);
    } catch (thrown) {
      await work.fail(task, pauseAfter(thrown, task.attempt + 1), writeProblem(problemOf(thrown)));
      throw thrown;
    }
    failpoints.hit('lifecycle.pass_finished');
  };
}

async function pass(needs: Needs, task: Task, signal: AbortSignal): Promise<void> {
  const { deadlines, work, clock, leaseMs } = needs;
  const act = perform(needs);
  const start = clock.elapsed();
  const now = (): Date => new Date(task.now.getTime() + Math.round(clock.elapsed() - start));
  let kept: Kept = task;
  let facts = firstFacts(needs, task);

  for (let count = 0; count < MAX_ACTIONS; count += 1) {
    const isLate = clock.elapsed() - start > leaseMs / 2;
    if (isLate || signal.aborted) return work.finish(task, 0);

    const action: Action = plan(kept.clone, facts, deadlines);
    if (action.do === 'wait') return work.finish(task, action.ms ?? null);

    if (action.do === 'effect') {
      facts = { ...facts, ...(await act(action.effect, kept.clone, signal)), now: now() };
    } else {
      facts = nextFacts(needs, { ...facts, now: now() }, kept.clone, action.change.next);
      const next = await record(needs, { task, kept, facts }, action.change);
      if (!next) return;
      kept = next;
    }
  }
  throw new Error(`the plan of ${task.clone.id} runs in circles`);
}

interface Recording {
  readonly task: Task;
  readonly kept: Kept;
  readonly facts: Facts;
}

/**
 * Records a change, and with it the end of the pass if nothing is left to do then.
 *
 * Returns the clone to go on with: as it is by now, if somebody else has changed it meanwhile.
 * Undefined when the pass is over, also because another reconciler has taken the clone over.
 */
async function record(
  { clones, reads, deadlines, failpoints }: Needs,
  { task, kept, facts }: Recording,
  change: Change,
): Promise<Kept | undefined> {
  const following = plan(change.next, facts, deadlines);
  const finishes = following.do === 'wait';
  const written = await clones.write(kept, {
    ...change,
    actor: ACTOR,
    at: facts.now,
    lease: { seq: task.leaseSeq, finishes },
    dueInMs: finishes ? (following.ms ?? null) : null,
  });
  failpoints.hit('lifecycle.phase_recorded');
  if (written === 'STALE_LEASE') return undefined;
  if (written === 'CONFLICT') return reads.find(task.id, 'all');
  if (typeof written === 'string') throw new Error(`the change was refused: ${written}`);
  return finishes ? undefined : written;
}

function firstFacts({ ids }: Needs, task: Task): Facts {
  const { now, problem, claimedAt, activeAt, health, endpoints } = task;
  return {
    now,
    problem,
    nextExecutionId: ids.make('exe'),
    ...(claimedAt && { claimedAt }),
    ...(activeAt && { activeAt }),
    ...(health && { health }),
    ...(endpoints && { endpoints }),
  };
}

/** The id of an execution that was begun is used up. */
function nextFacts({ ids }: Needs, facts: Facts, before: Clone, next: Clone): Facts {
  const known = factsAfter(facts, before, next);
  const isUsed = next.execution?.id === facts.nextExecutionId;
  return isUsed ? { ...known, nextExecutionId: ids.make('exe') } : known;
}

/** A peer that is away comes back: it is asked again within seconds, however long it was away. */
function pauseAfter(thrown: unknown, attempt: number): number {
  const isAway = thrown instanceof RemoteError && thrown.code === 'UNAVAILABLE';
  return Math.min(backoff(attempt), isAway ? AWAY_MS : Number.POSITIVE_INFINITY);
}
