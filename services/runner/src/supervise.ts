import type { Clock } from '@ramet/service';
import type { WorkloadLimits } from './config.js';
import type { Cause, Exit } from './exit-record.js';
import type { ProcessGroup } from './process-group.js';
import { diskUse } from './storage/disk-use.js';

const MEMORY_LOOK_MS = 250;
const DISK_LOOK_MS = 3_000;
/** A folder that takes long to be measured is measured less often. */
const DISK_REST = 10;
/** How many files a storage may hold: they cost more than their bytes. */
const FILES = 1_000_000;
/** Timers beyond 24.8 days fire at once, so that longer waits are cut into pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What became of a workload, and what made it end if something did. */
export interface Ending {
  readonly exit: Exit;
  readonly cause: Cause | undefined;
}

/** What is watched beside the workload's processes. */
export interface Surroundings {
  /** What the storage is measured by. */
  readonly folders?: readonly string[];
  /** Runs beside the workload until the signal aborts; leaves nothing behind when it returns. */
  readonly beside?: (signal: AbortSignal) => Promise<void>;
}

/** A workload under watch: held to its limits until it ends. */
export class Supervision {
  readonly #group: ProcessGroup;
  readonly #limits: WorkloadLimits;
  readonly #clock: Clock;
  readonly #around: Surroundings;
  readonly #ended = new AbortController();
  readonly #kills: Promise<void>[] = [];
  #cause: Cause | undefined;

  constructor(
    group: ProcessGroup,
    { limits, ...around }: { readonly limits: WorkloadLimits } & Surroundings,
    clock: Clock,
  ) {
    this.#group = group;
    this.#around = around;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Watches the workload to its end. Nothing of it is left when this returns. */
  async run(): Promise<Ending> {
    const watches = Promise.all([
      this.#watchTime(),
      this.#watchMemory(),
      this.#watchDisk(),
      this.#around.beside?.(this.#ended.signal),
    ]);
    const exit = await this.#group.exited;
    const cause = this.#cause;
    this.#ended.abort();
    // Whatever these have started as the workload's user is to be there for the killing.
    await watches;
    await this.#group.kill();
    await this.#group.drain();
    // A killer that is late would meet the next workload of the same user.
    await Promise.all(this.#kills);
    return { exit, cause };
  }

  /**
   * Asks the workload to end, and kills it after the grace.
   *
   * The first cause stands; a later call may only shorten the wait.
   */
  end(cause: Cause, graceMs: number): void {
    if (this.#ended.signal.aborted) return;
    if (this.#cause === undefined && graceMs > 0) this.#group.signal('SIGTERM');
    this.#cause ??= cause;
    // Should it fail, run() does it again and tells.
    this.#kills.push(this.#killAfter(graceMs).catch(() => undefined));
  }

  async #killAfter(graceMs: number): Promise<void> {
    if (graceMs > 0) await this.#clock.sleep(graceMs, this.#ended.signal);
    if (!this.#ended.signal.aborted) await this.#group.kill();
  }

  async #watchTime(): Promise<void> {
    let left = this.#limits.timeLimitMs;
    if (left === undefined) return;
    while (left > 0 && !this.#ended.signal.aborted) {
      await this.#clock.sleep(Math.min(left, LONGEST_TIMER_MS), this.#ended.signal);
      left -= LONGEST_TIMER_MS;
    }
    this.end('TIMED_OUT', this.#limits.graceMs);
  }

  async #watchMemory(): Promise<void> {
    const limit = this.#limits.memoryBytes;
    if (limit === undefined) return;
    while (!this.#ended.signal.aborted) {
      if (this.#group.residentBytes() > limit) return this.end('OUT_OF_MEMORY', 0);
      await this.#clock.sleep(MEMORY_LOOK_MS, this.#ended.signal);
    }
  }

  async #watchDisk(): Promise<void> {
    const limit = this.#limits.storageBytes;
    const { folders } = this.#around;
    const { signal } = this.#ended;
    if (limit === undefined || !folders) return;
    while (!signal.aborted) {
      const start = this.#clock.elapsed();
      const use = await diskUse(folders, signal);
      if (use && (use.bytes > limit || use.files > FILES)) return this.end('DISK_FULL', 0);
      const tookMs = this.#clock.elapsed() - start;
      await this.#clock.sleep(Math.max(DISK_LOOK_MS, tookMs * DISK_REST), signal);
    }
  }
}
