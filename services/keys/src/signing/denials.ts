import { PublicError } from '@ramet/errors';
import type { Clock } from '@ramet/service';

/** A refusal to sign. */
export interface Refusal {
  readonly keyId: string;
  readonly cloneId: string;
  readonly executionId: string;
  /** Whether the execution has, or had, a grant for the key. Without one the id may be invented. */
  readonly isGranted: boolean;
  /** The reason of the error that the caller gets. */
  readonly reason: string;
  readonly traceId: string;
}

/** Refusals of a kind that came together. Without a key, if they were of several. */
export interface CountedRefusal extends Refusal {
  readonly count: number;
}

export interface DenialsOptions {
  readonly record: (refusals: readonly CountedRefusal[]) => Promise<void>;
  /** Counts a refusal in the measurements of the process. */
  readonly count: (reason: string) => void;
  readonly clock: Clock;
  readonly maxKinds?: number;
}

/** Refusals of a kind within this time are one record, however many there are. */
const PERIOD_MS = 100;
/** So many kinds may wait to be recorded; further ones are refused. */
const MAX_KINDS = 10_000;

/**
 * Records refusals, apart from signing: each before its caller has the answer.
 *
 * The first one is recorded at once, and those that come meanwhile together. So there are at most
 * ten records a second of a kind, none is lost, and there are never more to keep than kinds may wait:
 * a database that is slow is given one piece at a time.
 */
export class Denials implements Disposable {
  readonly #options: DenialsOptions;
  readonly #maxKinds: number;
  readonly #stop = new AbortController();
  #kinds = new Map<string, CountedRefusal>();
  #next: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: DenialsOptions) {
    this.#options = options;
    this.#maxKinds = options.maxKinds ?? MAX_KINDS;
  }

  /** Records a refusal. Throws DATABASE_UNAVAILABLE if that cannot be done, or too many wait. */
  async note(refusal: Refusal): Promise<void> {
    this.#options.count(refusal.reason);
    const name = kindOf(refusal);
    const known = this.#kinds.get(name);
    if (!known && this.#kinds.size >= this.#maxKinds) throw tooManyWait();
    const keyId = !known || known.keyId === refusal.keyId ? refusal.keyId : '';
    this.#kinds.set(name, { ...refusal, keyId, count: (known?.count ?? 0) + 1 });
    this.#next ??= this.#recordAfter(this.#last);
    await this.#next;
  }

  /** Records what comes from then on at once. */
  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #recordAfter(last: Promise<unknown>): Promise<void> {
    await last;
    const refusals = [...this.#kinds.values()];
    this.#kinds = new Map();
    this.#next = undefined;
    const { record, clock } = this.#options;
    const recorded = record(refusals);
    this.#last = Promise.allSettled([recorded, clock.sleep(PERIOD_MS, this.#stop.signal)]);
    await recorded;
  }
}

/** What an execution has no grant for is of one kind, whatever it asks for. */
function kindOf({ reason, keyId, executionId, isGranted }: Refusal): string {
  return isGranted ? `${reason}/${keyId}/${executionId}` : `${reason}//${executionId}`;
}

function tooManyWait(): PublicError {
  const message = 'too many refusals wait to be recorded';
  return new PublicError('unavailable', 'DATABASE_UNAVAILABLE', message, { retryAfterMs: 1_000 });
}
