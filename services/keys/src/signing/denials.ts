import type { Clock } from '@ramet/service';

/** A refusal to sign. */
export interface Refusal {
  readonly keyId: string;
  readonly cloneId: string;
  readonly executionId: string;
  /** The reason of the error that the caller gets. */
  readonly reason: string;
  readonly traceId: string;
}

/** Refusals of a kind that came together. */
export interface CountedRefusal extends Refusal {
  readonly count: number;
}

export interface DenialsOptions {
  readonly record: (refusals: readonly CountedRefusal[]) => Promise<void>;
  /** Counts a refusal in the measurements of the process. */
  readonly count: (reason: string) => void;
  readonly clock: Clock;
}

/** Refusals of a kind within this time are one record, however many there are. */
const PERIOD_MS = 100;

/**
 * Records refusals, apart from signing: each before its caller has the answer.
 *
 * The first one is recorded at once, and those that come meanwhile together. So there are at most
 * ten records a second of a kind, none is lost, and there are never more to keep than calls.
 */
export class Denials implements Disposable {
  readonly #options: DenialsOptions;
  readonly #stop = new AbortController();
  #kinds = new Map<string, CountedRefusal>();
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: DenialsOptions) {
    this.#options = options;
  }

  /** Records a refusal. Throws DATABASE_UNAVAILABLE if that cannot be done. */
  note(refusal: Refusal): Promise<void> {
    this.#options.count(refusal.reason);
    const name = `${refusal.reason}/${refusal.keyId}/${refusal.executionId}`;
    const count = (this.#kinds.get(name)?.count ?? 0) + 1;
    this.#kinds.set(name, { ...refusal, count });
    this.#next ??= this.#recordAfter(this.#last);
    return this.#next;
  }

  /** Records what comes from then on at once. */
  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #recordAfter(last: Promise<void>): Promise<void> {
    await last;
    const refusals = [...this.#kinds.values()];
    this.#kinds = new Map();
    this.#next = undefined;
    this.#last = this.#options.clock.sleep(PERIOD_MS, this.#stop.signal);
    await this.#options.record(refusals);
  }
}
