import type { Logger } from '@ramet/rpc';
import { type Clock, type Failpoints, writeAtomically } from '@ramet/service';
import type { RunnerConfig } from './config.js';
import { type Cause, type Exit, type ExitRecord, kindOf } from './exit-record.js';
import type { RunnerFolder } from './folder.js';
import { LogFiles } from './log-files.js';
import { ProcessGroup } from './process-group.js';
import { Supervision } from './supervise.js';

interface Needs {
  readonly config: RunnerConfig;
  readonly folder: RunnerFolder;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
}

/** The one run of a workload, from the claim to the record of its end. */
export class Execution {
  readonly #needs: Needs;
  readonly #ending = new AbortController();
  #cause: Cause | undefined;
  #graceMs = 0;
  #supervision: Supervision | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Aborts once the workload is to end: before its start, it will not be started. */
  get stopped(): AbortSignal {
    return this.#ending.signal;
  }

  /** Ends the workload, or keeps it from being started. The first cause stands. */
  stop(cause: Cause, graceMs: number): void {
    this.#cause ??= cause;
    this.#graceMs = graceMs;
    this.#ending.abort();
    this.#supervision?.end(cause, graceMs);
  }

  /** Runs the workload to its end, and records that. Nothing of it is left afterwards. */
  async run(): Promise<void> {
    if (this.#cause) return this.skip('stopped before the start');
    const { config, folder, clock, failpoints, logger } = this.#needs;
    const startedAt = clock.now().toISOString();
    {
      await using logs = new LogFiles(folder.logs, clock);
      const group = new ProcessGroup(config, `${config.runFolder}/work`, { clock, logs });
      failpoints.hit('runner.workload.started');
      this.#supervision = new Supervision(group, config.limits, clock);
      const ended = this.#supervision.run();
      await writeAtomically(folder.started, JSON.stringify({ started_at: startedAt }));
      if (this.#cause) this.#supervision.end(this.#cause, this.#graceMs);
      logger.info('the workload was started');

      const { exit, cause } = await ended;
      failpoints.hit('runner.workload.ended');
      await this.#record(exit, cause, startedAt);
    }
  }

  /** Records an end without a start. */
  async skip(message: string): Promise<void> {
    await this.#record(this.#cause ? {} : { failure: message }, this.#cause);
  }

  async #record(exit: Exit, cause: Cause | undefined, startedAt?: string): Promise<void> {
    const { folder, clock, failpoints, logger } = this.#needs;
    const record: ExitRecord = {
      kind: kindOf(exit, cause),
      ...(exit.exitCode !== undefined && { exit_code: exit.exitCode }),
      ...(exit.signal !== undefined && { signal: exit.signal }),
      ...(exit.failure !== undefined && { message: exit.failure }),
      ...(startedAt !== undefined && { started_at: startedAt }),
      ended_at: clock.now().toISOString(),
    };
    await writeAtomically(folder.exit, JSON.stringify(record));
    failpoints.hit('runner.exit.recorded');
    logger.info('the workload has ended', { kind: record.kind });
  }
}
