import { type Clone, hasRun } from './clone.js';
import { isAtRest, type Phase } from './phases.js';
import type { Limits } from './spec.js';

export const RESOURCES = ['clones', 'cpu_millis', 'memory_bytes', 'storage_bytes'] as const;

/** What a quota counts. */
export type Resource = (typeof RESOURCES)[number];

/** How much of each resource a clone takes of its owner's quota. */
export type Holds = Readonly<Record<Resource, number>>;

/** What a clone may use, where neither it nor its template says. */
const DEFAULT_LIMITS = {
  cpuMillis: 1_000,
  memoryBytes: 512 * 1024 ** 2,
  storageBytes: 1024 ** 3,
} as const;

export const NO_HOLDS: Holds = { clones: 0, cpu_millis: 0, memory_bytes: 0, storage_bytes: 0 };

/**
 * What a clone takes of its owner's quota, as it is now.
 *
 * Processor time and memory are taken until it rests; its place and its storage until it is deleted.
 * A clone that has ended without ever having run has nothing to keep. More than before is taken with
 * a wish alone: what follows from it is never refused for want of quota.
 */
export function holdsOf(clone: Clone): Holds {
  if (clone.phase === 'DELETED' || hasNothing(clone)) return NO_HOLDS;

  const needs = [clone.release, clone.candidate].flatMap((release) =>
    release ? [release.limits, ...release.stages.map(({ limits }) => limits)] : [],
  );
  const takesTime = isBusy(clone);
  return {
    clones: 1,
    cpu_millis: takesTime ? most(needs, 'cpuMillis') : 0,
    memory_bytes: takesTime ? most(needs, 'memoryBytes') : 0,
    storage_bytes: most(needs, 'storageBytes'),
  };
}

/** The phases of a clone that is over, or goes. */
const PAST: readonly Phase[] = ['FAILED', 'STOPPED', 'DELETING', 'CLEANUP_FAILED'];

/** Tells whether a clone never ran, and will not: nothing of it is kept. */
function hasNothing(clone: Clone): boolean {
  const { phase, desired, restart } = clone;
  if (!PAST.includes(phase) || hasRun(clone) || isUnderWay(clone)) return false;
  return desired === 'DELETED' || (!restart && desired !== 'ARCHIVED');
}

function isUnderWay({ execution }: Clone): boolean {
  return execution !== undefined && execution.outcome === undefined;
}

/** Tells whether a clone runs, or may. What rested takes nothing more to be put away or deleted. */
function isBusy(clone: Clone): boolean {
  const { phase, formerPhase } = clone;
  if (phase === 'ARCHIVING') return formerPhase === 'RUNNING';
  if (phase === 'DELETING' || phase === 'CLEANUP_FAILED') return isUnderWay(clone);
  return !isAtRest(phase) || isComingBack(clone);
}

/** What is about to run again takes what it needs with the request, not when it is there. */
function isComingBack({ phase, desired, restart }: Clone): boolean {
  if (restart) return true;
  return (phase === 'SUSPENDED' || phase === 'ARCHIVED') && desired === 'RUNNING';
}

/** Its stages run one at a time: what the neediest needs is what it takes. */
function most(needs: readonly Limits[], name: keyof typeof DEFAULT_LIMITS): number {
  const asked = needs.flatMap((limits) => limits[name] ?? []);
  return asked.length > 0 ? Math.max(...asked) : DEFAULT_LIMITS[name];
}
