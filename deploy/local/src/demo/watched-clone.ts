import {
  type Clone,
  ClonePhase,
  type Progress,
  WatchClonesRequest,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import type { User } from './user.js';

interface Needs {
  readonly clones: User['clones'];
  readonly cloneId: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  say(line: string): void;
}

const RETRY_MS = 200;
const LAST_LINES = 10;
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

  /**
   * Follows the clone until it rests in `wanted`, over breaks of the watch. Throws if it rests
   * elsewhere, with its reason and what its workload printed last.
   */
  async until(wanted: number, onProgress?: () => Promise<void>): Promise<Clone> {
    const { clock, signal, say } = this.#needs;
    let isAway = false;
    for (;;) {
      try {
        const clone = await this.#follow(wanted, onProgress);
        if (clone.phase === wanted) return clone;
        throw new Error(`${explain(clone)}${await this.#lastLines()}`);
      } catch (thrown) {
        if (!(thrown instanceof RemoteError) || thrown.code !== 'UNAVAILABLE') throw thrown;
        if (!isAway) say(`  watch    broke off (${thrown.message}), and goes on when it can`);
        isAway = true;
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  async #follow(wanted: number, onProgress?: () => Promise<void>): Promise<Clone> {
    const { clones, cloneId, signal } = this.#needs;
    const from = WatchClonesRequest.fromPartial({ cloneId, cursor: this.#cursor });
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
      const goesOn = wanted === ClonePhase.DELETED && clone.phase !== ClonePhase.CLEANUP_FAILED;
      if (!goesOn && AT_REST.includes(clone.phase)) return clone;
    }
    throw new Error('the watch ended before the clone did');
  }

  async #lastLines(): Promise<string> {
    const { clones, cloneId, signal } = this.#needs;
    const asked = { cloneId, executionId: '', follow: false, tailLines: LAST_LINES };
    const texts: string[] = [];
    try {
      for await (const { lines } of clones.streamCloneLogs(asked, { signal })) {
        texts.push(...lines.map(({ text }) => `\n  | ${text.toString('utf8')}`));
      }
    } catch {
      // The reason of the clone is what matters: its log is told if it can be had.
    }
    return texts.join('');
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
