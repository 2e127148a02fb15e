import type { CompletionReport, Progress } from '@ramet/proto-gen/lifecycle.v1';

/** What a workload has said so far: its newest progress, and its last word. */
export class Reports {
  #sequence = 0n;
  #progress: Progress | undefined;
  #passedOn = 0n;
  #completion: CompletionReport | undefined;

  /** Takes the newest progress; what was not passed on before is dropped. */
  setProgress(progress: Progress): void {
    this.#sequence += 1n;
    this.#progress = { ...progress, sequence: this.#sequence };
  }

  /** The newest progress, if it was not passed on yet. */
  get unsent(): Progress | undefined {
    return this.#sequence > this.#passedOn ? this.#progress : undefined;
  }

  /** Notes that a progress has arrived. A later one may have been before it. */
  markSent({ sequence }: Progress): void {
    if (sequence > this.#passedOn) this.#passedOn = sequence;
  }

  /** Takes the last word. Says whether it stands: the first one does. */
  complete(report: CompletionReport): boolean {
    this.#completion ??= report;
    return JSON.stringify(this.#completion) === JSON.stringify(report);
  }

  /** The last word, if there was one. */
  get completion(): CompletionReport | undefined {
    return this.#completion;
  }
}
