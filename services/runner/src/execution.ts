import { rm } from 'node:fs/promises';
import type { Logger } from '@ramet/rpc';
import { type Clock, type Failpoints, writeAtomically } from '@ramet/service';
import type { RunnerConfig } from './config.js';
import { type Cause, type ExitRecord, kindOf } from './exit-record.js';
import type { RunnerFolder } from './folder.js';
import { runInputs } from './inputs/run-inputs.js';
import { LogFiles } from './log-files.js';
import type { Mask } from './mask.js';
import type { Mesh } from './mesh.js';
import { writeOverrides } from './overrides.js';
import type { Ports } from './ports.js';
import type { Verdict } from './probes/health.js';
import type { Reports } from './reports.js';
import { Results } from './results/results.js';
import { runWorkload } from './run-workload.js';
import type { Secrets } from './setup.js';
import { prepareStorage, type StoragePaths } from './storage/prepare-storage.js';
import type { Ending } from './supervise.js';

/** What an execution is made of. */
export interface ExecutionNeeds {
  readonly config: RunnerConfig;
  readonly folder: RunnerFolder;
  readonly secrets: Secrets;
  readonly mask: Mask;
  readonly ports: Ports;
  readonly reports: Reports;
  /** Absent for a workload that runs apart from any mesh. */
  readonly mesh: Mesh | undefined;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  /** Told of what the probe finds; `isNews` if it has turned. */
  readonly onVerdict: (verdict: Verdict, isNews: boolean) => void;
}

/** Ends what runs, and kills it after the grace. */
export type End = (cause: Cause, graceMs: number) => void;

/** What is told of an execution once it is over. */
export interface LastWords {
  /** The end of what was printed. */
  readonly outputTail: Buffer;
  /** What has kept results from arriving. */
  readonly resultsProblem: string;
}

/** The one run of a workload, from the claim to the record of its end. */
export class Execution {
  readonly #needs: ExecutionNeeds;
  readonly #ending = new AbortController();
  readonly #results: Results;
  #cause: Cause | undefined;
  #graceMs = 0;
  #end: End | undefined;
  #lastWords: LastWords = { outputTail: Buffer.alloc(0), resultsProblem: '' };

  constructor(needs: ExecutionNeeds) {
    this.#needs = needs;
    this.#results = new Results(needs);
  }

  /** Aborts once the workload is to end: before its start, it will not be started. */
  get stopped(): AbortSignal {
    return this.#ending.signal;
  }

  /** What there is to tell once it is over. */
  get lastWords(): LastWords {
    return this.#lastWords;
  }

  /** Ends the workload, or keeps it from being started. The first cause stands. */
  stop(cause: Cause, graceMs: number): void {
    this.#cause ??= cause;
    this.#graceMs = graceMs;
    this.#ending.abort();
    this.#end?.(cause, graceMs);
    if (cause === 'INTERRUPTED') this.#results.hurry();
  }

  /** Notes that the mesh wants nothing of it any more: its epoch is over. */
  disown(): void {
    this.#results.drop();
  }

  /** Runs the workload to its end, and records that. Nothing of it is left afterwards. */
  async run(): Promise<void> {
    if (this.#cause) return this.skip('stopped before the start');
    const { config, folder, clock, failpoints, mask } = this.#needs;
    let storage: StoragePaths;
    try {
      storage = await this.#prepare();
    } catch (error) {
      return this.skip(`its folders could not be made ready: ${codeOf(error)}`);
    }
    failpoints.hit('runner.storage.prepared');
    if (this.#cause) return this.skip('stopped before the start');
    const startedAt = clock.now().toISOString();
    const logs = new LogFiles(folder.logs, clock, { mask });
    const ending = await this.#runIn(storage, logs, startedAt);
    failpoints.hit('runner.workload.ended');
    await this.#removeSecrets();

    const record = this.#recordOf(ending, startedAt);
    // Known from here on, whatever becomes of this process while it sends what was left.
    await writeAtomically(folder.ended, JSON.stringify(record));
    const resultsProblem = await this.#results.send(storage, logs);
    await logs[Symbol.asyncDispose]();
    failpoints.hit('runner.results.sent');
    this.#lastWords = { outputTail: logs.tail(), resultsProblem };
    await this.#record(record);
    this.#needs.logger.info('the workload has ended', {
      kind: record.kind,
      stage: config.setup.stage,
    });
  }

  /** Records an end without a start. */
  async skip(message: string): Promise<void> {
    const exit = this.#cause ? {} : { failure: message };
    await this.#removeSecrets();
    await this.#record(this.#recordOf({ exit, cause: this.#cause }, undefined));
  }

  async #prepare(): Promise<StoragePaths> {
    const { config, secrets } = this.#needs;
    const storage = await prepareStorage(config);
    const uid = config.isolation.mode === 'user' ? config.isolation.uid : undefined;
    if (!config.setup.fetchInputs) {
      await writeOverrides(`${config.runFolder}/config`, config.setup, { secrets, uid });
    }
    return storage;
  }

  async #runIn(storage: StoragePaths, logs: LogFiles, startedAt: string): Promise<Ending> {
    const { config, folder, failpoints, logger } = this.#needs;
    const onStart = async (end: End) => {
      failpoints.hit('runner.workload.started');
      this.#end = end;
      await writeAtomically(folder.started, JSON.stringify({ started_at: startedAt }));
      if (this.#cause) end(this.#cause, this.#graceMs);
      logger.info('the workload was started');
    };
    const running = { ...this.#needs, storage, logs, onStart };
    return config.setup.fetchInputs ? runInputs(running) : runWorkload(running);
  }

  async #removeSecrets(): Promise<void> {
    const { config, folder } = this.#needs;
    await rm(folder.secrets, { force: true });
    await rm(`${config.runFolder}/config`, { recursive: true, force: true });
  }

  #recordOf({ exit, cause }: Ending, startedAt: string | undefined): ExitRecord {
    const { clock, reports } = this.#needs;
    return {
      kind: kindOf(exit, cause),
      ...(exit.exitCode !== undefined && { exit_code: exit.exitCode }),
      ...(exit.signal !== undefined && { signal: exit.signal }),
      ...(exit.failure !== undefined && { message: exit.failure }),
      ...(reports.completion && { report: reports.completion }),
      ...(startedAt !== undefined && { started_at: startedAt }),
      ended_at: clock.now().toISOString(),
    };
  }

  async #record(record: ExitRecord): Promise<void> {
    const { folder, failpoints } = this.#needs;
    await writeAtomically(folder.exit, JSON.stringify(record));
    failpoints.hit('runner.exit.recorded');
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
