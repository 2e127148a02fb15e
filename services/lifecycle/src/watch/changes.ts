import type { HistoryRow } from '@ramet/database';
import {
  type Clone,
  CloneChanged,
  CloneLeftReason,
  WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Verdict, WatchedFacts } from '../domain/watch-filter.js';
import { toWatchedFacts } from '../messages.js';
import { recordOf } from './proof.js';

/** The kind of the only change that gives a clone another owner. */
const REASSIGNED = 'clone.reassigned';

/** A change as watchers are told of it: encoded once for all of them. */
export interface SharedChange extends Tellable {
  readonly clone: Clone;
  readonly facts: WatchedFacts;
  /** Whether it had another owner before, who is to be found there. */
  readonly isReassigned: boolean;
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
    isReassigned: kind === REASSIGNED,
    response: encoded({ $case: 'change', value: { clone, kind, actor } }),
    record: recordOf('change', aggregate, seq),
  };
}

type LeftBy = Extract<Verdict, `LEFT_${string}`>;

const LEFT_REASON = {
  LEFT_BY_PHASE: CloneLeftReason.PHASE,
  LEFT_BY_LABELS: CloneLeftReason.LABELS,
  LEFT_BY_OWNER: CloneLeftReason.OWNER,
} as const satisfies Record<LeftBy, CloneLeftReason>;

/** The word that a clone has left, by a change of it. */
export function toLeft(
  { position, aggregate, seq, ownerId }: SharedChange,
  verdict: LeftBy,
): Tellable {
  const reason = LEFT_REASON[verdict];
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
