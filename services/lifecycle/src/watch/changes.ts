import type { HistoryRow } from '@ramet/database';
import {
  type Clone,
  CloneChanged,
  CloneLeftReason,
  WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { WatchedFacts } from '../domain/watch-filter.js';
import { toWatchedFacts } from '../messages.js';
import { recordOf } from './proof.js';

/** A change as watchers are told of it: encoded once for all of them. */
export interface SharedChange extends Tellable {
  readonly clone: Clone;
  readonly facts: WatchedFacts;
}

/** What can be told of one position of the history. */
export interface Tellable {
  readonly position: bigint;
  readonly aggregate: string;
  readonly seq: number;
  readonly ownerId: string;
  /** The response without its cursor, encoded. */
  readonly response: Buffer;
  /** What the proof of a stream takes in of it. */
  readonly record: Buffer;
}

/** Tells whether a row of the history is of a clone. Others have other payloads. */
export function isOfClone({ kind }: Pick<HistoryRow, 'kind'>): boolean {
  return kind.startsWith('clone.');
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

function toShared({ payload, kind, actor, position, aggregate, seq }: HistoryRow): SharedChange {
  const { clone } = CloneChanged.decode(payload);
  if (!clone) throw new Error(`the history has no clone at ${position}`);
  const facts = toWatchedFacts(clone);
  return {
    position,
    aggregate,
    seq,
    ownerId: facts.ownerId,
    clone,
    facts,
    response: encoded({ $case: 'change', value: { clone, kind, actor } }),
    record: recordOf('change', aggregate, seq),
  };
}

/** The word that a clone has left, by a change of it. */
export function toLeft(
  { position, aggregate, seq, ownerId }: SharedChange,
  verdict: 'LEFT_BY_PHASE' | 'LEFT_BY_LABELS',
): Tellable {
  const reason = verdict === 'LEFT_BY_PHASE' ? CloneLeftReason.PHASE : CloneLeftReason.LABELS;
  return {
    position,
    aggregate,
    seq,
    ownerId,
    response: encoded({ $case: 'left', value: { cloneId: aggregate, seq, reason } }),
    record: recordOf('left', aggregate, seq),
  };
}

/** Encodes what watchers are told, without a cursor. */
export function encoded(event: WatchClonesResponse['event']): Buffer {
  return Buffer.from(WatchClonesResponse.encode({ event, cursor: NONE }).finish());
}

const NONE = Buffer.alloc(0);
