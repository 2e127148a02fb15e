import { createHash, type Hash } from 'node:crypto';

/** What a record of a proof begins with: the number of the event's field in the contract. */
export const RECORDED = { snapshot: 1, change: 2, left: 6 } as const;

/** Counts what a stream has delivered, so that its client can prove that it missed nothing. */
export interface Proof {
  add(record: Buffer): void;
  /** What a checkpoint says of all that was added so far. */
  take(): { readonly count: bigint; readonly hash: Buffer };
}

/** How many records are hashed together: one update of a hash costs as much as a small record. */
const BATCH = 64;

/** What a proof takes in of one event. The same for all watchers. */
export function recordOf(kind: keyof typeof RECORDED, cloneId: string, seq: number): Buffer {
  const record = Buffer.alloc(1 + Buffer.byteLength(cloneId) + 4);
  record.writeUInt8(RECORDED[kind]);
  record.write(cloneId, 1);
  record.writeUInt32BE(seq, record.length - 4);
  return record;
}

/** Starts to count. The hash is sha256(hash of the checkpoint before, records since then). */
export function createProof(): Proof {
  let count = 0n;
  let hash: Buffer = Buffer.alloc(32);
  let running: Hash | undefined;
  let waiting: Buffer[] = [];

  function flush(): void {
    if (waiting.length === 0) return;
    running ??= createHash('sha256').update(hash);
    running.update(Buffer.concat(waiting));
    count += BigInt(waiting.length);
    waiting = [];
  }

  return {
    add(record) {
      waiting.push(record);
      if (waiting.length === BATCH) flush();
    },
    take() {
      flush();
      if (running) hash = running.digest();
      running = undefined;
      return { count, hash };
    },
  };
}
