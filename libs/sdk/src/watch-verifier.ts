import { createHash } from 'node:crypto';
import {
  type Checkpoint,
  ClonePhase,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { type WatchFault, WatchIntegrityError } from './watch-integrity-error.js';

/** The numbers of fields of `WatchClonesResponse.event` that a proof is about. */
const RECORDED = { snapshot: 1, change: 2, left: 6 } as const;
const NOTHING = Buffer.alloc(32);
/** How many clones that have left are remembered, to know a repetition when it comes. */
const MAX_LEFT = 10_000;

/** An event that a proof is about. */
interface Recorded {
  readonly kind: keyof typeof RECORDED;
  readonly cloneId: string;
  readonly seq: number;
  /** Whether no more can come of the clone. */
  readonly isLast: boolean;
}

/**
 * Proves that a watch missed nothing, was told nothing twice, and everything in order.
 *
 * Two things show it: the changes of a clone are numbered without gaps, over all streams of a watch;
 * and checkpoints carry a count and a hash of all that their stream has told. A change that was cut
 * off at the very end shows when the watch goes on, or at the next checkpoint.
 */
export class WatchVerifier {
  /** The seq that each clone in the filter was told at last. */
  readonly #inside = new Map<string, number>();
  /** The same of clones that have left, the last of them. */
  readonly #left = new Map<string, number>();
  /** The clones that this stream's snapshots have told. */
  #inSnapshot = new Set<string>();
  #count = 0n;
  #hash: Buffer = NOTHING;
  #records: Buffer[] = [];

  /** Begins with another stream, which goes on from a cursor. */
  resume(): void {
    this.#inSnapshot = new Set();
    this.#count = 0n;
    this.#hash = NOTHING;
    this.#records = [];
  }

  /** Begins with another stream, which begins with how things are. */
  restart(): void {
    this.resume();
    this.#inside.clear();
    this.#left.clear();
  }

  /** Takes in what came next. Throws WatchIntegrityError if it cannot be what was sent. */
  take({ event }: Pick<WatchClonesResponse, 'event'>): void {
    if (event?.$case === 'checkpoint') {
      this.#check(event.value);
      return;
    }
    const recorded = recordedIn(event);
    if (!recorded) return;
    if (recorded.kind === 'snapshot') this.#followSnapshot(recorded);
    else this.#follow(recorded);
    this.#remember(recorded);
    this.#record(recorded);
  }

  #followSnapshot({ cloneId, seq }: Recorded): void {
    const before = this.#inside.get(cloneId) ?? this.#left.get(cloneId) ?? 0;
    if (this.#inSnapshot.has(cloneId)) throw fault('repeated', cloneId, `is there twice`);
    if (seq < before) throw fault('reordered', cloneId, `is at ${seq}, after ${before}`);
    this.#inSnapshot.add(cloneId);
  }

  #follow({ cloneId, seq }: Recorded): void {
    const inside = this.#inside.get(cloneId);
    const before = inside ?? this.#left.get(cloneId) ?? 0;
    if (seq <= before) {
      const kind = seq === before ? 'repeated' : 'reordered';
      throw fault(kind, cloneId, `is at ${seq}, after ${before}`);
    }
    if (inside !== undefined && seq > inside + 1) {
      throw fault('dropped', cloneId, `is at ${seq}, right after ${inside}`);
    }
  }

  #remember({ kind, cloneId, seq, isLast }: Recorded): void {
    this.#left.delete(cloneId);
    if (kind !== 'left' && !isLast) {
      this.#inside.set(cloneId, seq);
      return;
    }
    this.#inside.delete(cloneId);
    this.#left.set(cloneId, seq);
    const [oldest] = this.#left.keys();
    if (this.#left.size > MAX_LEFT && oldest !== undefined) this.#left.delete(oldest);
  }

  #record({ kind, cloneId, seq }: Recorded): void {
    const place = Buffer.alloc(4);
    place.writeUInt32BE(seq);
    this.#records.push(Buffer.of(RECORDED[kind]), Buffer.from(cloneId), place);
    this.#count += 1n;
  }

  #check({ count, hash }: Checkpoint): void {
    // Snapshots are told before the first checkpoint after them.
    this.#inSnapshot.clear();
    if (this.#records.length > 0) {
      const whole = Buffer.concat([this.#hash, ...this.#records]);
      this.#hash = createHash('sha256').update(whole).digest();
      this.#records = [];
    }
    if (count === this.#count && this.#hash.equals(hash)) return;
    const came = `${this.#count} of ${count} came`;
    if (this.#count < count)
      throw new WatchIntegrityError('dropped', `the watch has a gap: ${came}`);
    if (this.#count > count) {
      throw new WatchIntegrityError('repeated', `the watch repeats itself: ${came}`);
    }
    const message = `the watch is not what was sent: ${came}, in another order or not the same`;
    throw new WatchIntegrityError('reordered', message);
  }
}

function recordedIn(event: WatchClonesResponse['event']): Recorded | undefined {
  switch (event?.$case) {
    case 'snapshot': {
      const { id: cloneId, seq, phase } = event.value;
      return { kind: 'snapshot', cloneId, seq, isLast: phase === ClonePhase.DELETED };
    }
    case 'change': {
      const { id: cloneId = '', seq = 0, phase } = event.value.clone ?? {};
      return { kind: 'change', cloneId, seq, isLast: phase === ClonePhase.DELETED };
    }
    case 'left':
      return { kind: 'left', ...event.value, isLast: false };
    case 'checkpoint':
    case 'progress':
    case undefined:
      return undefined;
  }
}

function fault(kind: WatchFault, cloneId: string, what: string): WatchIntegrityError {
  return new WatchIntegrityError(kind, `the watch is not whole: ${cloneId} ${what}`, cloneId);
}
