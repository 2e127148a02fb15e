import type { Contract, Logger } from '@ramet/rpc';
import {
  type Clock,
  createExclusively,
  type Failpoints,
  type Ids,
  identify,
  type ProcessIdentity,
  Scope,
} from '@ramet/service';
import type { RunnerConfig } from './config.js';
import type { Deps } from './deps.js';
import { Execution, type LastWords } from './execution.js';
import type { RunnerFolder } from './folder.js';
import { Heart } from './heart.js';
import { maskOf } from './mask.js';
import { isOver, Mesh } from './mesh.js';
import { type Ports, takePorts } from './ports.js';
import type { Verdict } from './probes/health.js';
import { Reports } from './reports.js';
import { serveControl, serveWorkload } from './servers.js';
import type { Secrets } from './setup.js';

/** What a runner is given by its main. */
export interface RunnerOptions {
  readonly folder: RunnerFolder;
  readonly config: RunnerConfig;
  readonly secrets: Secrets;
  readonly self: ProcessIdentity;
  readonly contract: Contract;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  /** Aborts when this process is asked to end. */
  readonly interrupted: AbortSignal;
}

const RETRY_MS = 500;
const COMPLETE_WITHIN_MS = 2_000;

/**
 * Makes this process the runner of an execution. Says whether it is: another one may be already.
 */
export async function own(folder: RunnerFolder): Promise<ProcessIdentity | undefined> {
  const self = identify(process.pid);
  if (!self) throw new Error('this process is not in /proc');
  return (await createExclusively(folder.runner, JSON.stringify(self))) ? self : undefined;
}

/**
 * Runs one execution: claims it, starts its workload, serves it, reports on it, records its end.
 *
 * Returns when the end is recorded and reported, or when the mesh wants to hear no more of it.
 */
export async function runExecution(options: RunnerOptions): Promise<void> {
  await using scope = new Scope();
  const { config, secrets, contract, clock, logger, failpoints, interrupted } = options;
  const mask = maskOf(secrets);
  const reports = new Reports(mask);
  const mesh = config.mesh && scope.use(connectMesh(options));
  const ports = scope.use(await takePorts(config.setup.ports));
  let heart: Heart | undefined;
  const onVerdict = (health: Verdict, isNews: boolean) => {
    reports.health = { ...health, message: cut(health.message) };
    if (isNews) void heart?.pulse();
  };
  const execution = new Execution({ ...options, mask, reports, mesh, ports, onVerdict });
  const stop = (cause: 'STOPPED' | 'INTERRUPTED', graceMs: number) =>
    execution.stop(cause, graceMs);
  whenAborted(interrupted, () => stop('INTERRUPTED', config.limits.graceMs));
  const completion = new Completion(mesh, reports, options);
  const passOn = async () => {
    await heart?.flush();
    await completion.attempt();
  };
  const deps: Deps = {
    ...{ config, reports, mesh, stop, failpoints, ids: options.ids },
    wakeHeart: () => heart?.wake(),
    passOnCompletion: () => within(COMPLETE_WITHIN_MS, clock, passOn),
  };

  scope.use(await serveControl(config, deps, { contract, clock, logger }));
  if (mesh && !(await claim(mesh, { execution, ports }, options))) return;
  failpoints.hit('runner.execution.claimed');
  const server = await serveWorkload(config, deps, { contract, clock, logger });
  scope.use(server);

  if (mesh) {
    const onStop = (cause: 'STOPPED' | 'INTERRUPTED') => {
      // Nobody else says this: the epoch is over.
      if (cause === 'INTERRUPTED') execution.disown();
      stop(cause, config.limits.graceMs);
    };
    heart = scope.use(new Heart({ mesh, reports, clock, logger, onStop }));
  }
  await execution.run();
  await completion.deliver(execution.lastWords);
}

function connectMesh({ config, self, contract, clock }: RunnerOptions): Mesh {
  const { executionId, epoch, mesh } = config;
  if (!mesh) throw new Error('there is no mesh');
  const instance = `${self.pid}-${self.startTime}-${self.bootId.slice(0, 8)}`;
  return new Mesh(mesh, { executionId, epoch, instance }, contract, clock);
}

/** Claims the execution, however long lifecycle is away. Says whether it is ours to run. */
async function claim(
  mesh: Mesh,
  { execution, ports }: { readonly execution: Execution; readonly ports: Ports },
  { config, clock, logger }: RunnerOptions,
): Promise<boolean> {
  const endpoints = ports.endpoints(config.endpointHost);
  while (!execution.stopped.aborted) {
    try {
      await mesh.claim(endpoints);
      return true;
    } catch (error) {
      logger.warn('the execution could not be claimed', { error: String(error) });
      if (isOver(error)) {
        await execution.skip(`not claimed: ${String(error)}`);
        return false;
      }
      await clock.sleep(RETRY_MS, execution.stopped);
    }
  }
  await execution.skip('stopped before the start');
  return false;
}

function whenAborted(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback);
}

async function within(ms: number, clock: Clock, run: () => Promise<void>): Promise<void> {
  await Promise.race([run(), clock.sleep(ms)]);
}

/** The way of a workload's last word to lifecycle: it arrives, or nobody wants it any more. */
class Completion {
  readonly #mesh: Mesh | undefined;
  readonly #reports: Reports;
  readonly #clock: Clock;
  readonly #failpoints: Failpoints;
  #isTold = false;

  constructor(mesh: Mesh | undefined, reports: Reports, { clock, failpoints }: RunnerOptions) {
    this.#mesh = mesh;
    this.#reports = reports;
    this.#clock = clock;
    this.#failpoints = failpoints;
  }

  /**
   * Tells the whole end, until it has arrived: that the workload ended, if nothing else.
   *
   * What the workload said itself may be known by then; what it printed is not.
   */
  async deliver(last: LastWords): Promise<void> {
    while (!(await this.#tell(last))) await this.#clock.sleep(RETRY_MS);
  }

  /** Tries once to pass on what the workload said, if that has not arrived yet. */
  async attempt(): Promise<void> {
    if (!this.#isTold) await this.#tell(NOTHING);
  }

  /** Says whether there is nothing left to try for. */
  async #tell({ outputTail, resultsProblem }: LastWords): Promise<boolean> {
    if (!this.#mesh) return true;
    try {
      const report = this.#reports.completion;
      await this.#mesh.complete({ report, outputTail, resultsProblem });
      this.#failpoints.hit('runner.completion.passed_on');
      this.#isTold = true;
      return true;
    } catch (error) {
      return isOver(error);
    }
  }
}

const NOTHING: LastWords = { outputTail: Buffer.alloc(0), resultsProblem: '' };
const HEALTH_BYTES = 1_024;

/** As much of a message as may be told. */
function cut(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= HEALTH_BYTES) return message;
  // What is left of a character that was cut is dropped.
  return bytes
    .subarray(0, HEALTH_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
}
