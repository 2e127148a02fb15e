import type { HistoryRow } from '@ramet/database';
import type { CloneProgress, WatchClonesResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Clone } from '../domain/clone.js';
import { type Sight, sees } from '../domain/sight.js';
import { toCloneMessage, toProgressMessage } from '../messages.js';
import type { Snapshot } from '../store/clone-reads.js';
import type { RecentProgress } from '../store/runners.js';
import type { SharedChange } from './changes.js';
import { encodeCursor } from './cursor.js';
import { createTally } from './tally.js';

/** Goes on from the start: a snapshot that was cut short has to be taken again. */
const FROM_THE_START = Buffer.alloc(0);

/** What one watcher has been told, and so what it has still to be told. */
export class WatchState {
  sight: Sight;
  position = 0n;
  /** The only clone that this is about. Empty: it is about all in sight. */
  readonly cloneId: string;
  readonly #read: (row: HistoryRow) => SharedChange;
  readonly #tally = createTally();
  /** The seq at which each clone of the snapshot was: older changes are in it already. */
  readonly #snapshotSeqs = new Map<string, number>();

  constructor(sight: Sight, cloneId: string, read: (row: HistoryRow) => SharedChange) {
    this.sight = sight;
    this.cloneId = cloneId;
    this.#read = read;
  }

  /** What a snapshot tells. */
  *snapshot({ clones }: Snapshot): Generator<WatchClonesResponse> {
    for (const clone of clones) {
      this.#snapshotSeqs.set(clone.id, clone.seq);
      yield snapshotOf(clone);
    }
  }

  /** Tells whether a row of the history is for this watcher. */
  isWanted(row: HistoryRow): boolean {
    if (this.cloneId !== '' && row.aggregate !== this.cloneId) return false;
    return this.sight === 'all' || sees(this.sight, this.#read(row).ownerId);
  }

  /** What a change tells, unless the snapshot has told it. */
  *change(row: HistoryRow): Generator<Buffer> {
    this.position = row.position;
    const { aggregate, seq } = row;
    if (seq <= (this.#snapshotSeqs.get(aggregate) ?? 0)) return;
    this.#snapshotSeqs.delete(aggregate);
    this.#tally.add(aggregate, seq);
    yield this.#read(row).response;
  }

  /** What running clones of this watcher have reported. */
  *progress(reports: readonly RecentProgress[]): Generator<WatchClonesResponse> {
    for (const report of reports) {
      const isMine = this.cloneId === '' || report.cloneId === this.cloneId;
      if (!isMine || !sees(this.sight, report.ownerId)) continue;
      const event = { $case: 'progress', value: toProgress(report) } as const;
      yield { event, cursor: encodeCursor(this.position) };
    }
  }

  /** Proof of what was told so far. */
  checkpoint(): WatchClonesResponse {
    const { count, hash } = this.#tally;
    const event = { $case: 'checkpoint', value: { count, hash } } as const;
    return { event, cursor: encodeCursor(this.position) };
  }
}

function snapshotOf(clone: Clone): WatchClonesResponse {
  return { event: { $case: 'snapshot', value: toCloneMessage(clone) }, cursor: FROM_THE_START };
}

function toProgress({ cloneId, executionId, progress }: RecentProgress): CloneProgress {
  return { cloneId, executionId, progress: toProgressMessage(progress) };
}
