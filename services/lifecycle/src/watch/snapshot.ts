import type { Sight } from '../domain/sight.js';
import type { WatchFilter } from '../domain/watch-filter.js';
import type { SnapshotClone, SnapshotWish } from '../store/watch-reads.js';

interface SnapshotReads {
  lastPosition(): Promise<bigint>;
  snapshot(wish: SnapshotWish): Promise<readonly SnapshotClone[]>;
}

interface SnapshotOptions {
  readonly reads: SnapshotReads;
  readonly sight: Sight;
  readonly filter: WatchFilter;
  readonly page: number;
  /** Up to where changes were told before, if they were: those after that are told after it. */
  readonly told: bigint | undefined;
}

/**
 * The clones that a watcher sees, page by page, each as it is when its page is read.
 *
 * Nothing is held between the pages, neither a transaction nor what was told. What happens meanwhile
 * comes after `since`: of each clone only what is newer than its place in the snapshot is to be told.
 */
export class SnapshotPages {
  readonly #options: SnapshotOptions;
  /** What was the last position before the first page. */
  readonly since: bigint;
  #after = '';

  private constructor(options: SnapshotOptions, since: bigint) {
    this.#options = options;
    this.since = since;
  }

  static async begin(options: SnapshotOptions): Promise<SnapshotPages> {
    return new SnapshotPages(options, await options.reads.lastPosition());
  }

  /** The next page. Empty: there is none. */
  async next(): Promise<readonly SnapshotClone[]> {
    const { reads, sight, filter, page, told = this.since } = this.#options;
    const wish = { sight, filter, since: this.since, told, after: this.#after, limit: page };
    const clones = await reads.snapshot(wish);
    this.#after = clones.at(-1)?.clone.id ?? this.#after;
    return clones;
  }
}
