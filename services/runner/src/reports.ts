import type { CompletionReport, Health, Progress } from '@ramet/proto-gen/lifecycle.v1';
import { Mask } from './mask.js';

/** What is known of a workload so far: its newest progress, its health, and its last word. */
export class Reports {
  readonly #mask: Mask;
  #sequence = 0n;
  #progress: Progress | undefined;
  #passedOn = 0n;
  #completion: CompletionReport | undefined;
  /** What the probe has found last. Absent: there is none, or no answer yet. */
  health: Health | undefined;

  constructor(mask: Mask = new Mask([])) {
    this.#mask = mask;
  }

  /** Takes the newest progress; what was not passed on before is dropped. */
  setProgress(progress: Progress): void {
    this.#sequence += 1n;
    const message = this.#mask.text(progress.message);
    this.#progress = { ...progress, message, sequence: this.#sequence };
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
    const said = { ...report, message: this.#mask.text(report.message) };
    this.#completion ??= said;
    return JSON.stringify(this.#completion) === JSON.stringify(said);
  }

  /** The last word, if there was one. */
  get completion(): CompletionReport | undefined {
    return this.#completion;
  }
}
