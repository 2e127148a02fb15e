import { conflict, PublicError } from '@ramet/errors';
import { EXPIRED, FORCED, NOT_PUT_DOWN, withoutRestart } from './changes.js';
import { BEHAVIOUR, type Clone, later } from './clone.js';
import { hasCondition, withCondition, withoutCondition } from './conditions.js';
import { ENDED_PHASES, isAtRest, type Phase } from './phases.js';
import { archiveEnd, isPausedByHand } from './put-down.js';
import type { Release } from './release.js';

// What users ask of clones: whether it may be, and what they want then. Asking again changes nothing.

/** The clone after its user asked to stop it. One that has ended stays as it is. */
export function askToStop(clone: Clone): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  if (clone.desired === 'STOPPED') return clone;
  if (ENDED_PHASES.includes(clone.phase)) {
    return clone.restart ? { ...withoutRestart(clone), desired: 'STOPPED' } : clone;
  }
  const isPutDown =
    isAtRest(clone.phase) || clone.desired !== 'RUNNING' || clone.formerPhase !== undefined;
  if (isPutDown) throw wrongPhase(clone, 'stopped');
  return { ...clone, desired: 'STOPPED' };
}

/** The clone after its user asked to delete it. Asking again has a failed cleanup tried at once. */
export function askToDelete(clone: Clone, at: Date): Clone {
  const isStuck = clone.phase === 'CLEANUP_FAILED' && (clone.deadlineAt ?? at) > at;
  if (clone.desired === 'DELETED') return isStuck ? { ...clone, deadlineAt: at } : clone;
  return { ...clone, desired: 'DELETED' };
}

/** The clone after its user asked to run it once more. */
export function askToRestart(clone: Clone, resume: boolean): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  if (!ENDED_PHASES.includes(clone.phase)) throw wrongPhase(clone, 'restarted');
  requireUnexpired(clone);
  const restart = resume ? 'keep' : 'fresh';
  return clone.restart === restart ? clone : { ...clone, desired: 'RUNNING', restart };
}

/** The clone after its user asked to suspend it. */
export function askToSuspend(clone: Clone): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  if (clone.desired === 'SUSPENDED') return clone;
  if (clone.phase !== 'RUNNING' || clone.desired !== 'RUNNING')
    throw wrongPhase(clone, 'suspended');
  return withoutCondition({ ...clone, desired: 'SUSPENDED' }, NOT_PUT_DOWN);
}

/** The clone after its user asked to resume it. */
export function askToResume(clone: Clone): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  if (isUpAgain(clone, 'RESUMING')) return clone;
  if (clone.phase !== 'SUSPENDED' || clone.desired === 'ARCHIVED') {
    throw wrongPhase(clone, 'resumed');
  }
  if (clone.desired === 'RUNNING') return clone;
  requireUnexpired(clone);
  return { ...clone, desired: 'RUNNING' };
}

/** Tells whether what is asked for is on its way or done: whoever got no answer asks again. */
function isUpAgain({ phase, desired }: Clone, onTheWay: Phase): boolean {
  return desired === 'RUNNING' && (phase === onTheWay || phase === 'RUNNING');
}

/** The clone after its user asked to archive it. */
export function askToArchive(clone: Clone): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  if (clone.desired === 'ARCHIVED') return clone;
  const isFit = ['RUNNING', 'SUSPENDED', ...ENDED_PHASES].includes(clone.phase);
  if (!isFit || clone.restart) throw wrongPhase(clone, 'archived');
  return withoutCondition({ ...clone, desired: 'ARCHIVED' }, NOT_PUT_DOWN);
}

/** The clone after its user asked to restore it. */
export function askToRestore(clone: Clone): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  if (isUpAgain(clone, 'RESTORING')) return clone;
  if (clone.phase !== 'ARCHIVED') throw wrongPhase(clone, 'restored');
  if (clone.policy.expireAfterMs === undefined) requireUnexpired(clone);
  return clone.desired === 'RUNNING' ? clone : { ...clone, desired: 'RUNNING' };
}

/**
 * The clone after its user asked to run another release of it.
 *
 * What runs is updated; what is at rest runs it when it is started next.
 */
export function askToUpdate(clone: Clone, wanted: Omit<Release, 'number'>): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  const number = clone.releases + 1;
  const release = { ...wanted, number };
  if (isAtRest(clone.phase) && !clone.restart && isSettled(clone)) {
    return { ...clone, release, releases: number };
  }
  const isUp = clone.phase === 'RUNNING' && clone.desired === 'RUNNING' && !clone.candidate;
  if (!isUp || !BEHAVIOUR[clone.kind].updates) throw wrongPhase(clone, 'updated');
  return { ...clone, candidate: release, releases: number };
}

/** Tells whether a clone at rest is wanted to be what it is. */
function isSettled({ phase, desired }: Clone): boolean {
  return ENDED_PHASES.includes(phase) ? desired !== 'ARCHIVED' : phase === desired;
}

/** The clone with another expiry. One that was suspended for having expired runs again. */
export function askToExpire(clone: Clone, at: Date | undefined, now: Date): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  if (clone.expireAt?.getTime() === at?.getTime()) return clone;
  const { expireAt: _, ...rest } = clone;
  const next = { ...rest, ...(at && { expireAt: at }) };
  const isPast = at !== undefined && at <= now;
  if (!hasCondition(clone, EXPIRED) || isPast) return next;

  const { deleteDueAt: __, ...living } = withoutCondition(next, EXPIRED);
  // What was suspended before it expired was so for another reason.
  const isPaused = clone.desired === 'SUSPENDED' && isSpent(clone);
  return {
    ...living,
    ...(clone.phase === 'ARCHIVED' && { deleteDueAt: archiveEnd(clone, clone.phaseAt) }),
    desired: isPaused ? 'RUNNING' : clone.desired,
  };
}

/** Tells whether a clone that is suspended, or to be, is so for having expired. */
function isSpent(clone: Clone): boolean {
  return clone.phase === 'SUSPENDED' ? clone.reason === EXPIRED : !isPausedByHand(clone);
}

/** The clone whose life its owner extends, as far as its policy lets them. */
export function askToExtend(clone: Clone, byMs: number, now: Date): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  if (!clone.expireAt) throw wrongPhase(clone, 'extended: it does not expire');
  const from = clone.expireAt > now ? clone.expireAt : now;
  const at = later(from, byMs);
  const { extendUpToMs } = clone.policy;
  if (extendUpToMs === undefined || at > later(clone.createdAt, extendUpToMs)) {
    const message = `the clone may not live that long: ${clone.id}`;
    throw new PublicError('permission_denied', 'EXTENSION_DENIED', message, {
      metadata: { clone_id: clone.id },
    });
  }
  return askToExpire(clone, at, now);
}

/** The clone that is given up by an admin, whatever may be left of it. */
export function askToForceDelete(clone: Clone, reason: string, at: Date): Clone {
  if (clone.phase === 'DELETED' || hasCondition(clone, FORCED)) return clone;
  if (clone.phase !== 'CLEANUP_FAILED') throw wrongPhase(clone, 'deleted by force');
  return withCondition(clone, FORCED, reason, at);
}

function requireUnexpired(clone: Clone): void {
  if (!hasCondition(clone, EXPIRED)) return;
  const subject = { kind: 'clone', id: clone.id };
  throw conflict('CLONE_EXPIRED', subject, `the clone has expired: ${clone.id}`);
}

function deleting({ id }: Clone): PublicError {
  const subject = { kind: 'clone', id };
  return conflict('CLONE_PHASE_CONFLICT', subject, `the clone is being deleted: ${id}`);
}

/** The error for a clone whose phase does not allow what was asked. */
function wrongPhase({ id, phase, desired }: Clone, what: string): PublicError {
  const subject = { kind: 'clone', id };
  const message = `a clone that is ${phase}${onItsWay(phase, desired)} cannot be ${what}: ${id}`;
  return conflict('CLONE_PHASE_CONFLICT', subject, message);
}

function onItsWay(phase: Phase, desired: Clone['desired']): string {
  return phase === desired || desired === 'RUNNING' ? '' : ` and wanted to be ${desired}`;
}

/** The clone in the hands of another owner. A key stays with whoever owns it. */
export function askToReassign(clone: Clone, owner: Clone['owner']): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  if (clone.owner.id === owner.id) return clone;
  if (clone.keyId !== '') throw wrongPhase(clone, 'reassigned while it holds a key');
  return { ...clone, owner };
}

/** The clone with other traits. */
export function withTraits(clone: Clone, traits: readonly string[]): Clone {
  if (clone.phase === 'DELETED') throw deleting(clone);
  const isSame = traits.join(' ') === clone.traits.join(' ');
  return isSame ? clone : { ...clone, traits };
}

/** The clone that starts what it runs again under a new epoch, if it runs. */
export function askForNewEpoch(clone: Clone): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  if (isAtRest(clone.phase)) return clone;
  const { number: _, ...release } = clone.release;
  return askToUpdate(clone, release);
}

/** The clone with another name and labels. The same one if they are as they were. */
export function renamed(clone: Clone, { name, labels }: Pick<Clone, 'name' | 'labels'>): Clone {
  if (clone.desired === 'DELETED') throw deleting(clone);
  const isSame = name === clone.name && sameLabels(labels, clone.labels);
  return isSame ? clone : { ...clone, name, labels };
}

function sameLabels(one: Clone['labels'], other: Clone['labels']): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
  );
}
