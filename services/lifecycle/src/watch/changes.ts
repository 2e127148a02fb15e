import type { HistoryRow } from '@ramet/database';
import { type Clone, CloneChanged, WatchClonesResponse } from '@ramet/proto-gen/lifecycle.v1';
import { encodeCursor } from './cursor.js';

/** A change as watchers are told of it. */
export interface SharedChange {
  readonly clone: Clone;
  readonly ownerId: string;
  /** The whole response, encoded: its bytes are the same for every watcher. */
  readonly response: Buffer;
}

/** Decodes each row of the history, and encodes it for watchers, once for all of them. */
export function createSharedChanges(): (row: HistoryRow) => SharedChange {
  const kept = new WeakMap<HistoryRow, SharedChange>();
  return (row) => {
    const known = kept.get(row);
    if (known) return known;
    const change = toShared(row);
    kept.set(row, change);
    return change;
  };
}

function toShared({ payload, kind, actor, position }: HistoryRow): SharedChange {
  const { clone } = CloneChanged.decode(payload);
  if (!clone) throw new Error(`the history has no clone at ${position}`);
  const event = { $case: 'change', value: { clone, kind, actor } } as const;
  const response = WatchClonesResponse.encode({ event, cursor: encodeCursor(position) }).finish();
  return { clone, ownerId: clone.owner?.owner?.value ?? '', response: Buffer.from(response) };
}
