import { createHash } from 'node:crypto';

/** The end of an aggregate's chain, as kept on its row and read with its lock. */
export interface Head {
  readonly seq: number;
  /** Empty before the first link. */
  readonly hash: Buffer;
}

/** The head of an aggregate that has no history yet. */
export const NO_HISTORY: Head = { seq: 0, hash: Buffer.alloc(0) };

/** What a row must carry to be part of a chain. */
export interface Link {
  readonly aggregate: string;
  readonly seq: number;
  readonly payload: Uint8Array;
  readonly prevHash: Buffer;
  readonly hash: Buffer;
}

/**
 * The head after one more change of an aggregate.
 *
 * The hash is sha256(previous hash, aggregate id, seq as 4 bytes big endian, sha256(payload)).
 */
export function nextLink(head: Head, aggregate: string, payload: Uint8Array): Head {
  const seq = head.seq + 1;
  const place = Buffer.alloc(4);
  place.writeUInt32BE(seq);
  const content = createHash('sha256').update(payload).digest();
  const hash = createHash('sha256')
    .update(head.hash)
    .update(aggregate)
    .update(place)
    .update(content)
    .digest();
  return { seq, hash };
}

/**
 * Finds the first row of one aggregate's history, in order of seq, that does not follow from the
 * row before it. Undefined if all do.
 *
 * The first row given is trusted for what came before it, as pruning may have removed that.
 */
export function verifyChain<Row extends Link>(rows: readonly Row[]): Row | undefined {
  let head: Head | undefined;
  for (const row of rows) {
    const before = head ?? { seq: row.seq - 1, hash: row.prevHash };
    const next = nextLink(before, row.aggregate, row.payload);
    const follows =
      row.seq === next.seq && row.prevHash.equals(before.hash) && row.hash.equals(next.hash);
    if (!follows) return row;
    head = next;
  }
  return undefined;
}
