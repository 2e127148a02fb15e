import type { Clock } from '@ramet/service';

/** A refusal to sign. */
export interface Denial {
  readonly keyId: string;
  readonly cloneId: string;
  readonly executionId: string;
  /** The reason of the error that the caller got. */
  readonly reason: string;
  readonly traceId: string;
}

/** Refusals of a kind within one period. */
export interface CountedDenial extends Denial {
  readonly count: number;
}

export interface DenialsOptions {
  readonly save: (denials: readonly CountedDenial[]) => Promise<void>;
  /** Counts a refusal in the measurements of the process. */
  readonly count: (reason: string) => void;
  readonly onError: (thrown: unknown) => void;
  readonly clock: Clock;
}

const PERIOD_MS = 1_000;

/** Kinds of refusals that are kept apart in one period. */
const MAX_KINDS = 64;

/**
 * Takes note of refusals, apart from signing: every one is counted, and each period writes one row
 * for each kind, however many there were.
 */
export class Denials implements AsyncDisposable {
  readonly #options: DenialsOptions;
  #kinds = new Map<string, CountedDenial>();
  #stopTimer: (() => void) | undefined;

  constructor(options: DenialsOptions) {
    this.#options = options;
  }

  note(denial: Denial): void {
    const { count, clock } = this.#options;
    count(denial.reason);
    const name = `${denial.reason}/${denial.keyId}/${denial.executionId}`;
    const known = this.#kinds.get(name);
    if (!known && this.#kinds.size >= MAX_KINDS) return;
    this.#kinds.set(name, { ...denial, count: (known?.count ?? 0) + 1 });
    this.#stopTimer ??= clock.after(PERIOD_MS, () => void this.#write());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer?.();
    await this.#write();
  }

  async #write(): Promise<void> {
    const denials = [...this.#kinds.values()];
    this.#kinds = new Map();
    this.#stopTimer = undefined;
    if (denials.length === 0) return;
    try {
      await this.#options.save(denials);
    } catch (thrown) {
      this.#options.onError(thrown);
    }
  }
}
