import type { Sight } from '../domain/sight.js';
import {
  filterKey,
  judge,
  mayHaveLeft,
  type Watched,
  type WatchFilter,
} from '../domain/watch-filter.js';
import { toProgressMessage } from '../messages.js';
import type { RecentProgress } from '../store/runners.js';
import type { Befores } from './befores.js';
import { encoded, type SharedChange, type Tellable, toLeft } from './changes.js';
import { type Cursors, createCursors } from './cursor.js';

/** How many of the newest things to tell keep their bytes: most of an audience is told at once. */
const KEPT_BYTES = 16;

/** One thing that all of an audience are told. */
export interface Told {
  readonly what: Tellable;
  /** The whole response with the audience's cursor, once somebody has needed it. */
  bytes?: Buffer | undefined;
  /** Whether the bytes are worth keeping. */
  isNew: boolean;
}

/** Which watchers are told the same: those who see the same owners and have the same filter. */
export type AudienceWish = Watched;

/** The name of an audience: one for all who see and ask for the same. */
export function audienceKey({ sight, filter }: AudienceWish): string {
  return `${sight === 'all' ? 'all' : [...sight].sort().join(' ')} ${filterKey(filter)}`;
}

/**
 * What all watchers with one sight and one filter are told, and the newest of it in memory.
 *
 * It decides once for all of them. Its log says all that there was to tell after `floor`.
 */
export class Audience {
  readonly sight: Sight;
  readonly filter: WatchFilter;
  readonly cursors: Cursors;
  /** The position after which the log misses nothing. */
  floor: bigint;
  /** What running clones have reported last, encoded without a cursor. */
  reports: readonly Buffer[] = [];
  /** How many rounds of reports there were. */
  rounds = 0;
  #log: Told[] = [];
  /** How many have been dropped from the log: what is told is numbered through. */
  #dropped = 0;

  constructor({ sight, filter }: AudienceWish, floor: bigint) {
    this.sight = sight;
    this.filter = filter;
    this.cursors = createCursors(filterKey(filter), sight);
    this.floor = floor;
  }

  /** The number of the next thing that will be told. */
  get end(): number {
    return this.#dropped + this.#log.length;
  }

  /** How many things are in memory. */
  get held(): number {
    return this.#log.length;
  }

  /** Tells whether the clone before a change has to be known. */
  isDoubtful(change: SharedChange): boolean {
    return mayHaveLeft(this, change.facts);
  }

  /** What there is to tell of a change of an owner in sight, or of one that may take it out of it. */
  judge(change: SharedChange, befores: Befores): Told | undefined {
    const verdict = judge(this, change.facts, befores.get(change));
    if (verdict === 'NOTHING') return undefined;
    return { what: verdict === 'CHANGE' ? change : toLeft(change, verdict), isNew: false };
  }

  /** Adds to the log. */
  push(told: Told): void {
    told.isNew = true;
    this.#log.push(told);
    const old = this.#log[this.#log.length - 1 - KEPT_BYTES];
    if (!old) return;
    old.isNew = false;
    old.bytes = undefined;
  }

  /** Tells what running clones have reported. It is kept until the next report. */
  report(reports: readonly RecentProgress[]): void {
    this.reports = reports.map((report) => encodeReport(report));
    this.rounds += 1;
  }

  /** Lets go of what has a position up to this. */
  trim(position: bigint): void {
    if (position <= this.floor) return;
    this.floor = position;
    const count = countUpTo(this.#log, position);
    if (count === 0) return;
    this.#log = this.#log.slice(count);
    this.#dropped += count;
  }

  /** The number of the first thing after a position, or undefined if the log has lost that place. */
  placeAfter(position: bigint): number | undefined {
    if (position < this.floor) return undefined;
    return this.#dropped + countUpTo(this.#log, position);
  }

  /** What is told from a number on, or undefined if the log has lost some of it. */
  from(place: number, limit: number): readonly Told[] | undefined {
    if (place < this.#dropped) return undefined;
    const start = place - this.#dropped;
    return this.#log.slice(start, start + limit);
  }

  /** The bytes of something that is told, with the cursor that belongs to it. */
  bytesOf(told: Told): Buffer {
    const bytes = told.bytes ?? this.cursors.append(told.what.response, told.what.position);
    if (told.isNew) told.bytes = bytes;
    return bytes;
  }
}

function encodeReport({ clone, executionId, progress }: RecentProgress): Buffer {
  const value = { cloneId: clone.id, executionId, progress: toProgressMessage(progress) };
  return encoded({ $case: 'progress', value });
}

/** How many of a log have a position up to this: by bisection. */
function countUpTo(log: readonly Told[], position: bigint): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const told = log[middle];
    if (told && told.what.position <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
