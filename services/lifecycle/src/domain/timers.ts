import { EXPIRED, IDLE, withoutRestart } from './changes.js';
import { type Clone, later } from './clone.js';
import { hasCondition, withCondition } from './conditions.js';

/** How long an expired clone is kept, where its policy does not say. */
const EXPIRY_GRACE_MS = 14 * 24 * 60 * 60_000;

/** What time has brought to a clone, and how it is told. */
export interface TimeUp {
  readonly next: Clone;
  readonly kind: string;
  readonly cause: string;
}

/** What policy makes of a clone at a time, or undefined while nothing is due. */
export function timeUp(clone: Clone, now: Date, activeAt: Date | undefined): TimeUp | undefined {
  if (clone.desired === 'DELETED') return undefined;
  if (isDue(clone.deleteDueAt, now)) {
    const cause = hasCondition(clone, EXPIRED) ? 'expired' : 'archive_retention';
    return { next: { ...clone, desired: 'DELETED' }, kind: 'clone.delete_requested', cause };
  }
  if (isDue(clone.expireAt, now) && !hasCondition(clone, EXPIRED)) {
    return { next: outOfTime(clone, now), kind: 'clone.expired', cause: 'expired' };
  }
  if (isDue(idleAt(clone, activeAt), now)) {
    const message = 'its workload has reported no progress for too long';
    const next = withCondition({ ...clone, desired: 'STOPPED' }, IDLE, message, now);
    return { next, kind: 'clone.stop_requested', cause: 'idle' };
  }
  return undefined;
}

/** How long until something is due for a clone, or undefined if nothing ever is. */
export function timerMs(clone: Clone, now: Date, activeAt: Date | undefined): number | undefined {
  if (clone.desired === 'DELETED') return undefined;
  const expireAt = hasCondition(clone, EXPIRED) ? undefined : clone.expireAt;
  const times = [clone.deleteDueAt, expireAt, idleAt(clone, activeAt)].flatMap((at) => at ?? []);
  if (times.length === 0) return undefined;
  return Math.max(0, Math.min(...times.map((at) => at.getTime())) - now.getTime());
}

/** When a clone would be idle for too long. Only what runs, and is to run, can be. */
function idleAt(clone: Clone, activeAt: Date | undefined): Date | undefined {
  const { phase, desired, phaseAt, policy } = clone;
  if (policy.idleAfterMs === undefined || phase !== 'RUNNING' || desired !== 'RUNNING') {
    return undefined;
  }
  const since = activeAt && activeAt > phaseAt ? activeAt : phaseAt;
  return later(since, policy.idleAfterMs);
}

/** The clone whose time is over: suspended while its grace lasts, if it runs; deleted after it. */
function outOfTime(clone: Clone, now: Date): Clone {
  const graceMs = clone.policy.expiryGraceMs ?? EXPIRY_GRACE_MS;
  const deleteDueAt = later(clone.expireAt ?? now, graceMs);
  const told = withCondition(withoutRestart(clone), EXPIRED, 'its time is over', now);
  // What is archived stays there: it needs no suspending.
  const spent = clone.phase === 'ARCHIVED' ? 'ARCHIVED' : 'SUSPENDED';
  const desired = clone.desired === 'RUNNING' ? spent : clone.desired;
  return { ...told, desired, deleteDueAt: earlier(clone.deleteDueAt, deleteDueAt) };
}

function earlier(a: Date | undefined, b: Date): Date {
  return a && a < b ? a : b;
}

function isDue(at: Date | undefined, now: Date): boolean {
  return at !== undefined && at <= now;
}
