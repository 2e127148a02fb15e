import type { CloneKind } from './clone.js';
import type { Phase } from './phases.js';
import { type Sight, sees } from './sight.js';

/** Which clones a watcher asks for. What is empty lets all pass. */
export interface WatchFilter {
  readonly cloneId: string;
  /** The team of the clone's bot. */
  readonly teamId: string;
  readonly kinds: readonly CloneKind[];
  readonly phases: readonly Phase[];
  /** All of them must be there, with these values. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What a filter goes by. */
export interface WatchedFacts {
  readonly id: string;
  readonly ownerId: string;
  readonly teamId: string;
  readonly kind: CloneKind;
  readonly phase: Phase;
  readonly labels: Readonly<Record<string, string>>;
}

/** Which clones a watcher is told of: those that it asks for, of the owners that it sees. */
export interface Watched {
  readonly sight: Sight;
  readonly filter: WatchFilter;
}

/** What a watcher is to be told of a change. */
export type Verdict = 'NOTHING' | 'CHANGE' | 'LEFT_BY_PHASE' | 'LEFT_BY_LABELS' | 'LEFT_BY_OWNER';

/**
 * Tells whether a change may take a clone away from a watcher: then the clone before it decides.
 *
 * Team and kind of a clone never change, so that only its owner, phase and labels are asked about.
 */
export function mayHaveLeft(watched: Watched, after: WatchedFacts): boolean {
  return passesForLife(watched.filter, after) && !isWatchedNow(watched, after);
}

/**
 * What a change means to a watcher: a clone that passes after it is told, whether it is new or not;
 * one that passed only before it has left. `before` is absent for the first change of a clone.
 */
export function judge(
  watched: Watched,
  after: WatchedFacts,
  before: WatchedFacts | undefined,
): Verdict {
  const { sight, filter } = watched;
  if (!passesForLife(filter, after)) return 'NOTHING';
  if (isWatchedNow(watched, after)) return 'CHANGE';
  if (!before || !isWatchedNow(watched, before)) return 'NOTHING';
  if (!sees(sight, after.ownerId)) return 'LEFT_BY_OWNER';
  return hasPhase(filter, after) ? 'LEFT_BY_LABELS' : 'LEFT_BY_PHASE';
}

/** Tells whether a clone passes. */
export function passes(filter: WatchFilter, clone: WatchedFacts): boolean {
  return passesForLife(filter, clone) && passesNow(filter, clone);
}

/** Names a filter: two that let the same pass have one name, however they were written. */
export function filterKey({ cloneId, teamId, kinds, phases, labels }: WatchFilter): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([cloneId, teamId, distinct(kinds), distinct(phases), pairs]);
}

function passesForLife({ cloneId, teamId, kinds }: WatchFilter, clone: WatchedFacts): boolean {
  if (cloneId !== '' && cloneId !== clone.id) return false;
  if (teamId !== '' && teamId !== clone.teamId) return false;
  return kinds.length === 0 || kinds.includes(clone.kind);
}

function isWatchedNow({ sight, filter }: Watched, clone: WatchedFacts): boolean {
  return sees(sight, clone.ownerId) && passesNow(filter, clone);
}

function passesNow(filter: WatchFilter, clone: WatchedFacts): boolean {
  return hasPhase(filter, clone) && hasLabels(filter, clone);
}

function hasPhase({ phases }: WatchFilter, { phase }: WatchedFacts): boolean {
  return phases.length === 0 || phases.includes(phase);
}

function hasLabels({ labels }: WatchFilter, clone: WatchedFacts): boolean {
  return Object.entries(labels).every(
    ([name, value]) => Object.hasOwn(clone.labels, name) && clone.labels[name] === value,
  );
}

function distinct(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort();
}
