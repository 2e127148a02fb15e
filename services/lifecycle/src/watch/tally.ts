import { createHash } from 'node:crypto';

/** Counts what a stream has delivered, so that its client can prove that it missed nothing. */
export interface Tally {
  add(cloneId: string, seq: number): void;
  readonly count: bigint;
  readonly hash: Buffer;
}

/** Starts to count. The hash is sha256(previous hash, clone id, seq as 4 bytes big-endian). */
export function createTally(): Tally {
  let count = 0n;
  let hash: Buffer = Buffer.alloc(32);
  return {
    add(cloneId, seq) {
      const place = Buffer.alloc(4);
      place.writeUInt32BE(seq);
      hash = createHash('sha256').update(hash).update(cloneId).update(place).digest();
      count += 1n;
    },
    get count() {
      return count;
    },
    get hash() {
      return hash;
    },
  };
}
