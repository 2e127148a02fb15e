import type { Logger } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import type { RunnerConfig } from '../config.js';
import type { RunnerFolder } from '../folder.js';
import { type LogFiles, readLogText } from '../log-files.js';
import { isOver, type Mesh } from '../mesh.js';
import type { StoragePaths } from '../storage/prepare-storage.js';
import { type FoundOutputs, findOutputs } from './find-outputs.js';
import { sendResults } from './send-results.js';

interface Needs {
  readonly config: RunnerConfig;
  readonly folder: RunnerFolder;
  readonly mesh: Mesh | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LONGEST_MS = 5 * 60_000;
/** How long it may take when the host is going down. */
const HURRY_MS = 5_000;

/** What an execution leaves to be kept: its outputs and its log. */
export class Results {
  readonly #needs: Needs;
  readonly #stop = new AbortController();
  #isDropped = false;
  #isHurried = false;
  #isSending = false;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Whether there is anybody to send them to. */
  get areWanted(): boolean {
    const { config, mesh } = this.#needs;
    return config.setup.keepResults && mesh !== undefined && !this.#isDropped;
  }

  /** Leaves little time for what is not sent yet: the host is going down. */
  hurry(): void {
    this.#isHurried = true;
    if (this.#isSending) this.#needs.clock.after(HURRY_MS, () => this.#stop.abort());
  }

  /** Sends nothing more: nobody wants it. */
  drop(): void {
    this.#isDropped = true;
    this.#stop.abort();
  }

  /**
   * Sends them, if they are wanted. Nothing of the workload runs any more. Returns what has kept
   * any from arriving; empty if nothing has.
   */
  async send({ output }: StoragePaths, logs: LogFiles): Promise<string> {
    const { config, folder, mesh, clock, logger } = this.#needs;
    if (!mesh || !this.areWanted) return '';
    const { isolation } = config;
    this.#isSending = true;
    const uid = isolation.mode === 'user' ? isolation.uid : (process.getuid?.() ?? 0);
    const cancel = clock.after(this.#isHurried ? HURRY_MS : LONGEST_MS, () => this.#stop.abort());
    try {
      const found = await findOutputs(output, uid);
      await tell(found, logs);
      await logs[Symbol.asyncDispose]();
      const log = await readLogText(folder.logs);
      const needs = { mesh, clock, logger, signal: this.#stop.signal };
      const problem = await sendResults({ folder: output, found, log }, needs);
      return this.#isDropped ? '' : problem;
    } catch (error) {
      if (isOver(error)) return '';
      logger.error('results could not be sent', { error: String(error) });
      return 'the results could not be read';
    } finally {
      cancel();
    }
  }
}

/** Names in the log what is not kept. */
async function tell({ skipped, skippedCount }: FoundOutputs, logs: LogFiles): Promise<void> {
  const more = skippedCount - skipped.length;
  const lines = [...skipped, ...(more > 0 ? [`${more} more`] : [])];
  for (const line of lines) await logs.append('stderr', Buffer.from(`ramet: not kept: ${line}\n`));
}
