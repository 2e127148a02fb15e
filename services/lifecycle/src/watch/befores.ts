import type { HistoryRow } from '@ramet/database';
import { CloneChanged } from '@ramet/proto-gen/lifecycle.v1';
import type { WatchedFacts } from '../domain/watch-filter.js';
import { toWatchedFacts } from '../messages.js';
import type { SharedChange } from './changes.js';

/** Where changes of the past are read. */
export interface PastReads {
  before(
    changes: readonly Pick<HistoryRow, 'aggregate' | 'seq'>[],
  ): Promise<readonly Pick<HistoryRow, 'aggregate' | 'seq' | 'payload'>[]>;
}

/** What clones were before changes of them. */
export type Befores = ReadonlyMap<SharedChange, WatchedFacts>;

/** What each clone was right before a change. Nothing for what was its first change. */
export async function readBefores(
  reads: PastReads,
  page: readonly SharedChange[],
  doubtful: readonly SharedChange[],
): Promise<Befores> {
  if (doubtful.length === 0) return new Map();
  const known = new Map(page.map((change) => [keyOf(change), change.facts]));
  const wanted = doubtful.filter(({ aggregate, seq }) => {
    return seq > 1 && !known.has(keyOf({ aggregate, seq: seq - 1 }));
  });
  for (const row of await reads.before(wanted)) {
    const { clone } = CloneChanged.decode(row.payload);
    if (clone) known.set(keyOf(row), toWatchedFacts(clone));
  }
  return new Map(
    doubtful.flatMap((change) => {
      const facts = known.get(keyOf({ ...change, seq: change.seq - 1 }));
      return facts ? [[change, facts]] : [];
    }),
  );
}

function keyOf({ aggregate, seq }: Pick<HistoryRow, 'aggregate' | 'seq'>): string {
  return `${aggregate} ${seq}`;
}
