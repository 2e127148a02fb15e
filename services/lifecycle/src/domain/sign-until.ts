import { type Clone, later } from './clone.js';
import { runTimeOf } from './move.js';

const DAY_MS = 24 * 60 * 60_000;

/** How long a grant lasts of which nothing is said: keys has it so. */
const DEFAULT_MS = 30 * DAY_MS;

/** The longest that keys grants, less a day for clocks that differ. */
const MOST_MS = 365 * DAY_MS;

/** From an execution's creation to its start, and from its end to the end of signing. */
const MARGIN_MS = DAY_MS;

/**
 * Until when the current execution of a clone is to sign, where its creator does not say: for as long
 * as it may run. Undefined: that is no longer than a grant lasts anyhow, or has no end.
 */
export function signUntil(clone: Clone): Date | undefined {
  const { execution } = clone;
  if (!execution) return undefined;
  const { createdAt, notBefore = createdAt } = execution;
  const runTimeMs = runTimeOf(clone);
  const ends = [
    ...(runTimeMs === undefined ? [] : [later(notBefore, runTimeMs + MARGIN_MS)]),
    ...(clone.expireAt ? [expiryOf(clone, clone.expireAt)] : []),
  ];
  if (ends.length === 0) return undefined;
  const endMs = Math.min(...ends.map((at) => at.getTime())) - createdAt.getTime();
  return endMs <= DEFAULT_MS ? undefined : later(createdAt, Math.min(endMs, MOST_MS));
}

/** The grant stays as it is made: it is made for as long as the clone could be extended. */
function expiryOf({ createdAt, policy }: Clone, expireAt: Date): Date {
  const most = later(createdAt, policy.extendUpToMs ?? 0);
  return later(most > expireAt ? most : expireAt, MARGIN_MS);
}
