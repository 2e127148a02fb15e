import type { Caller } from './call.js';
import { type Revocations, RevokedSubjects } from './revocations.js';

/** What is known of revocations, by word of a test. */
export class Known implements Revocations {
  fresh = true;
  asked = 0;
  answer: (caller: Caller) => Promise<boolean> = async () => false;
  readonly #subjects = new RevokedSubjects();
  readonly #listeners = new Set<() => void>();

  isFresh(): boolean {
    return this.fresh;
  }

  isRevoked(caller: Caller): boolean {
    return this.#subjects.has(caller);
  }

  ask(caller: Caller): Promise<boolean> {
    this.asked += 1;
    return this.answer(caller);
  }

  onChange(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  revoke(subject: string): void {
    this.#subjects.add({ subject, minVersion: 0 }, 0);
    for (const callback of this.#listeners) callback();
  }
}
