import type { Deps } from '../deps.js';
import { type Sight, sees } from '../domain/sight.js';
import { filterKey, type Watched, type WatchFilter } from '../domain/watch-filter.js';
import { toCloneMessage } from '../messages.js';
import type { SnapshotClone } from '../store/watch-reads.js';
import type { Told } from './audience.js';
import { readBefores } from './befores.js';
import { encoded, isOfClone, type Tellable } from './changes.js';
import { type Cursors, createCursors } from './cursor.js';
import { createProof, recordOf } from './proof.js';
import type { Seat } from './seat.js';
import { SnapshotPages } from './snapshot.js';

type Needs = Pick<Deps, 'broadcast' | 'watchReads' | 'watchLimits' | 'changes'>;

/** One thing that is to be sent next. */
export type Item =
  | { readonly is: 'told'; readonly told: Told }
  | { readonly is: 'snapshot'; readonly clone: SnapshotClone }
  | { readonly is: 'report'; readonly response: Buffer }
  | { readonly is: 'checkpoint' };

/** What somebody watches. */
export type WatchWish = Watched;

/** How many changes are taken from memory at once. */
const BATCH = 64;
const CHECKPOINT: readonly Item[] = [{ is: 'checkpoint' }];
const NONE = Buffer.alloc(0);

/** What one watcher has been told, and so what it has still to be told. */
export class WatchStream {
  readonly #needs: Needs;
  readonly #seat: Seat;
  readonly #filter: WatchFilter;
  readonly #proof = createProof();
  #sight: Sight;
  /** Makes the cursors. Absent: one has to begin again until all of the snapshot is told. */
  #cursors: Cursors | undefined;
  #snapshot: SnapshotPages | undefined;
  /** The seq of clones of a snapshot whose change by then has still to come. */
  readonly #ahead = new Map<string, number>();
  /** Up to which position a snapshot has told of owners who came into sight. */
  readonly #gained = new Map<string, bigint>();
  /** Whether cursors do not yet tell of all that is in sight. */
  #isUnsettled = false;
  #owesProof = false;
  #isLive = false;
  /** Up to where the past has been read. */
  #readTo = 0n;

  constructor(needs: Needs, seat: Seat, { sight, filter }: WatchWish) {
    this.#needs = needs;
    this.#seat = seat;
    this.#sight = sight;
    this.#filter = filter;
    seat.cursor = () => this.#cursors?.at(seat.position) ?? NONE;
  }

  /** Begins with how things are. */
  async begin(): Promise<void> {
    this.#snapshot = await this.#snapshotOf(this.#sight);
    this.#seat.position = this.#snapshot.since;
    this.#isUnsettled = true;
    await this.#join();
  }

  /** Goes on after a position, for owners that were in sight then. */
  async resume(position: bigint, gained: readonly string[]): Promise<void> {
    this.#seat.position = position;
    const known =
      this.#sight === 'all' ? this.#sight : this.#sight.filter((id) => !gained.includes(id));
    this.#cursors = createCursors(filterKey(this.#filter), known);
    this.#sight = known;
    this.#owesProof = true;
    if (gained.length > 0) await this.widen(gained);
    else await this.#join();
  }

  /** Tells of owners that have come into sight: first as things are, then what happens. */
  async widen(gained: readonly string[]): Promise<void> {
    if (this.#sight === 'all') return;
    this.#sight = [...this.#sight, ...gained];
    this.#snapshot = await this.#snapshotOf(gained, this.#seat.position);
    for (const owner of gained) this.#gained.set(owner, this.#snapshot.since);
    this.#isUnsettled = true;
    await this.#join();
  }

  /** Whether the snapshot that was begun has been told, so that there may be another. */
  get isBetweenSnapshots(): boolean {
    return this.#snapshot === undefined;
  }

  /** What is to be sent next. Waits for it; an empty list says: ask again. */
  async next(): Promise<readonly Item[]> {
    // All that was asked for before has been told by now.
    if (this.#readTo > this.#seat.position) this.#seat.position = this.#readTo;
    if (this.#snapshot) {
      const clones = await this.#snapshot.next();
      if (clones.length === 0) this.#snapshot = undefined;
      return clones.map((clone) => ({ is: 'snapshot', clone }));
    }
    if (this.#canSettle()) this.#settle();
    if (this.#owesProof) return CHECKPOINT;
    return this.#isLive ? this.#live() : this.#past();
  }

  /** The bytes of what is sent, one by one as there is room, until the signal aborts. */
  *tellAll(items: readonly Item[], signal: AbortSignal): Generator<Buffer, void, void> {
    for (const item of items) {
      if (signal.aborted) return;
      const bytes = this.#tellItem(item);
      if (!bytes) continue;
      this.#seat.sending(this.#needs.broadcast.now);
      yield bytes;
    }
  }

  /** The bytes of what is sent now. Undefined if it has been told already. */
  #tellItem(item: Item): Buffer | undefined {
    switch (item.is) {
      case 'told':
        return this.#tell(item.told);
      case 'snapshot':
        return this.#tellSnapshot(item.clone);
      case 'report':
        return this.#withCursor(item.response);
      case 'checkpoint':
        this.#owesProof = false;
        this.#seat.proven(this.#needs.broadcast.now);
        return this.#withCursor(encoded({ $case: 'checkpoint', value: this.#proof.take() }));
    }
  }

  #tell(told: Told): Buffer | undefined {
    const { what } = told;
    const { audience, position } = this.#seat;
    if (!audience || what.position <= position) return undefined;
    this.#seat.position = what.position;
    if (this.#isInSnapshot(what)) return undefined;
    this.#proof.add(what.record);
    return this.#isUnsettled ? this.#withCursor(what.response) : audience.bytesOf(told);
  }

  #tellSnapshot({ clone, isAhead }: SnapshotClone): Buffer {
    if (isAhead) this.#ahead.set(clone.id, clone.seq);
    this.#proof.add(recordOf('snapshot', clone.id, clone.seq));
    return encoded({ $case: 'snapshot', value: toCloneMessage(clone) });
  }

  #withCursor(response: Buffer): Buffer {
    return this.#cursors?.append(response, this.#seat.position) ?? response;
  }

  /** Tells whether a snapshot has told of a change already. */
  #isInSnapshot({ aggregate, seq, ownerId, position }: Tellable): boolean {
    const place = this.#ahead.get(aggregate);
    if (place !== undefined && seq >= place) this.#ahead.delete(aggregate);
    if (place !== undefined && seq <= place) return true;
    const since = this.#gained.get(ownerId);
    return since !== undefined && position <= since;
  }

  /** Whether all that a snapshot was ahead of has come, so that one can go on from here. */
  #canSettle(): boolean {
    if (!this.#isUnsettled || this.#snapshot || this.#ahead.size > 0) return false;
    return [...this.#gained.values()].every((since) => since <= this.#seat.position);
  }

  #settle(): void {
    this.#isUnsettled = false;
    this.#owesProof = true;
    this.#gained.clear();
    this.#cursors = this.#seat.audience?.cursors;
  }

  #snapshotOf(sight: Sight, told?: bigint): Promise<SnapshotPages> {
    const { watchReads, watchLimits } = this.#needs;
    const { page } = watchLimits;
    return SnapshotPages.begin({ reads: watchReads, sight, filter: this.#filter, page, told });
  }

  async #join(): Promise<void> {
    const wish = { sight: this.#sight, filter: this.#filter };
    this.#seat.rounds = (await this.#needs.broadcast.join(this.#seat, wish)).rounds;
    this.#seat.fellBehind();
    this.#isLive = false;
  }

  /** What is in memory, or the news of running clones, or a proof when it is time. */
  async #live(): Promise<readonly Item[]> {
    const { broadcast } = this.#needs;
    const seat = this.#seat;
    const told = seat.take(BATCH);
    if (!told) {
      seat.fellBehind();
      this.#isLive = false;
      return [];
    }
    const isProofDue = !this.#isUnsettled && seat.isProofDue(broadcast.now);
    if (isProofDue) this.#owesProof = true;
    if (told.length > 0) return told.map((each) => ({ is: 'told', told: each }));
    seat.caughtUp(broadcast.position);
    if (isProofDue || this.#canSettle()) return [];
    const { audience } = seat;
    if (audience && audience.rounds > seat.rounds) {
      seat.rounds = audience.rounds;
      return audience.reports.map((response) => ({ is: 'report', response }));
    }
    await seat.wait();
    return [];
  }

  /** What the database has, until that is all that the audience does not remember. */
  async #past(): Promise<readonly Item[]> {
    const { audience } = this.#seat;
    if (!audience) throw new Error('a watcher without an audience');
    if (this.#seat.join(audience)) {
      this.#isLive = true;
      return [];
    }
    const { broadcast, watchReads, watchLimits, changes } = this.#needs;
    // Read before the page: all up to here is in the database by now.
    const { head } = broadcast;
    const rows = await watchReads.history(
      this.#seat.position,
      watchLimits.page,
      this.#filter.cloneId,
    );
    const own = rows.filter(isOfClone).map(changes);
    const page = own.filter(({ ownerId, isReassigned }) => {
      return isReassigned || sees(this.#sight, ownerId);
    });
    const doubtful = page.filter((change) => audience.isDoubtful(change));
    const befores = await readBefores(watchReads, page, doubtful);
    const told = page.flatMap((change) => audience.judge(change, befores) ?? []);
    this.#readTo = rows.at(-1)?.position ?? head;
    return told.map((each) => ({ is: 'told', told: each }));
  }
}
