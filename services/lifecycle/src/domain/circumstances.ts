import type { Outcome } from './clone.js';
import type { Health } from './facts.js';
import type { Workload } from './outcome.js';
import type { Problem } from './problem.js';
import type { Holds, Resource } from './quota.js';

/** What is known around a clone when it is asked why it is as it is. */
export interface Circumstances extends Surroundings {
  /** The workload of its current execution. Absent: it was not asked for. */
  readonly workload?: Workload | 'none' | 'away' | undefined;
  /** Whether its key can be given to it. Absent: it was not asked for. */
  readonly key?: 'free' | 'taken' | 'away' | undefined;
  /** What peers that were asked for this have said instead of an answer. */
  readonly refusals?: readonly Problem[];
  /** Why its owner's quota would not let it be taken up again. */
  readonly shortage?: Shortage | undefined;
}

/** The part of it that the service has stored itself. */
export interface Surroundings {
  /** The database's time. */
  readonly now: Date;
  /** When its reconciler looks at it next. Absent: when something happens. */
  readonly dueAt?: Date;
  /** How often in a row its reconciler has failed. */
  readonly attempt: number;
  /** What stood in the way the last time. */
  readonly problem?: Problem;
  /** When the runner of the current execution claimed it. */
  readonly claimedAt?: Date;
  /** What its probe has found last, and since when it finds that. */
  readonly health?: Health & { readonly sinceAt?: Date };
  /** How the execution before the current one ended. */
  readonly lastOutcome?: Outcome;
  /** What has asked for its deletion last, as in the history, and when. */
  readonly deletion?: { readonly cause: string; readonly at: Date };
}

/** A quota without the room that a clone needs. */
export interface Shortage {
  readonly resource: Resource;
  readonly limit: bigint;
  readonly used: bigint;
  readonly more: bigint;
}

/** The first quota that has no room for what a clone would hold more than now. */
export function shortageOf(
  quotas: readonly { resource: string; limit: bigint | undefined; used: bigint }[],
  now: Holds,
  then: Holds,
): Shortage | undefined {
  for (const [resource, amount] of Object.entries(then) as readonly [Resource, number][]) {
    const more = BigInt(amount - now[resource]);
    const quota = quotas.find((each) => each.resource === resource);
    if (more <= 0n || quota?.limit === undefined || quota.used + more <= quota.limit) continue;
    return { resource, limit: quota.limit, used: quota.used, more };
  }
  return undefined;
}
