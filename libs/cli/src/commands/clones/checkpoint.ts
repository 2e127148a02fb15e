import { createHash } from 'node:crypto';
import type { Checkpoint, CloneChange } from '@ramet/proto-gen/lifecycle.v1';
import { FailedError } from '../../usage-error.js';

const NOTHING = Buffer.alloc(32);

/** Counts and hashes the changes of one watch, to compare with what the service says it sent. */
export class Tally {
  #count = 0n;
  #hash: Buffer = NOTHING;

  /** Adds a change that was received. */
  add({ clone }: CloneChange): void {
    const seq = Buffer.alloc(4);
    seq.writeUInt32BE(clone?.seq ?? 0);
    const hash = createHash('sha256')
      .update(this.#hash)
      .update(clone?.id ?? '')
      .update(seq);
    this.#hash = hash.digest();
    this.#count += 1n;
  }

  /** Compares. Throws FailedError if a change was missed, doubled or swapped. */
  check({ count, hash }: Checkpoint): void {
    if (count === this.#count && hash.equals(this.#hash)) return;
    throw new FailedError(`the watch is not whole: ${this.#count} of ${count} changes match`);
  }
}
