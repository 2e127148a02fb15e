import { grow, type HashedNode, leafHash, rootOf } from '@ramet/merkle';
import { type Log, type LogOwner, type LogRecord, positionOf } from '../domain/log.js';

/** Of each so many levels of a tree one is stored. */
export const STORED_STEP = 4;

/** Makes the bytes of an entry. */
export type EntryOf = (owner: LogOwner, record: LogRecord) => Buffer;

/** A log after entries were added to it. */
export interface GrownLog {
  readonly log: Log;
  readonly root: Buffer;
  readonly leaves: readonly Leaf[];
  /** The complete subtrees that are to be stored. */
  readonly nodes: readonly HashedNode[];
}

/** An entry of a log. */
export interface Leaf {
  readonly index: number;
  readonly kind: LogRecord['kind'];
  readonly position: bigint;
  readonly hash: Buffer;
}

/** Adds an entry for each record to a log, in their order. */
export function growLog(log: Log, records: readonly LogRecord[], entryOf: EntryOf): GrownLog {
  const leaves = records.map((record, nth) => ({
    index: log.size + nth,
    kind: record.kind,
    position: positionOf(record),
    hash: leafHash(entryOf(log.owner, record)),
  }));
  const hashes = leaves.map(({ hash }) => hash);
  const { frontier, nodes } = grow(log, hashes);
  return {
    log: { ...log, ...frontier },
    root: rootOf(frontier),
    leaves,
    nodes: nodes.filter(({ height }) => height % STORED_STEP === 0),
  };
}
