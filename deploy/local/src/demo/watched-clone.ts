import {
  type Clone,
  ClonePhase,
  type Progress,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { User } from './user.js';

interface Needs {
  readonly clones: User['clones'];
  readonly cloneId: string;
  readonly signal: AbortSignal;
  say(line: string): void;
}

/** The phases that a clone does not leave by itself. */
const AT_REST: readonly number[] = [
  ClonePhase.COMPLETED,
  ClonePhase.STOPPED,
  ClonePhase.FAILED,
  ClonePhase.CLEANUP_FAILED,
  ClonePhase.DELETED,
];

/** A clone as its user sees it live: every phase, and what its workload reports. */
export class WatchedClone {
  readonly #needs: Needs;
  #cursor: Buffer = Buffer.alloc(0);
  #phase: number = ClonePhase.UNSPECIFIED;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Follows the clone until it rests in `wanted`. Throws, with its reason, if it does elsewhere. */
  async until(wanted: number, onProgress?: () => Promise<void>): Promise<Clone> {
    const { clones, cloneId, signal } = this.#needs;
    const from = { owner: undefined, cloneId, cursor: this.#cursor };
    for await (const { event, cursor } of clones.watchClones(from, { signal })) {
      if (cursor.length > 0) this.#cursor = cursor;
      if (event?.$case === 'progress') {
        this.#tellProgress(event.value.progress);
        await onProgress?.();
      }
      const clone = cloneIn(event);
      if (!clone) continue;
      this.#tellPhase(clone);
      if (clone.phase === wanted) return clone;
      const left = wanted === ClonePhase.DELETED && clone.phase !== ClonePhase.CLEANUP_FAILED;
      if (!left && AT_REST.includes(clone.phase)) throw new Error(explain(clone));
    }
    throw new Error('the watch ended before the clone did');
  }

  #tellPhase(clone: Clone): void {
    if (clone.phase === this.#phase) return;
    this.#phase = clone.phase;
    this.#needs.say(`  clone    ${phaseName(clone.phase)}${clone.reason && ` ${clone.reason}`}`);
  }

  #tellProgress(progress: Progress | undefined): void {
    if (!progress) return;
    const done = `${Math.round((progress.fraction ?? 0) * 100)} %`.padStart(5);
    const figures = progress.metrics.map(({ name, value }) => `${name} ${value}`).join('  ');
    this.#needs.say(`  bot     ${done}  ${progress.message}  ${figures}`);
  }
}

/** The name of a phase. */
export function phaseName(phase: number): string {
  const [name = String(phase)] =
    Object.entries(ClonePhase).find(([, value]) => value === phase) ?? [];
  return name;
}

function cloneIn(event: WatchClonesResponse['event']): Clone | undefined {
  if (event?.$case === 'snapshot') return event.value;
  return event?.$case === 'change' ? event.value.clone : undefined;
}

function explain({ phase, reason, message }: Clone): string {
  return `the clone is ${phaseName(phase)}: ${reason} ${message}`;
}
