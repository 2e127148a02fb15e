import { chown, mkdir, readdir, stat } from 'node:fs/promises';
import {
  type Clock,
  type Failpoints,
  isAlive,
  type ProcessIdentity,
  signalProcess,
  writeAtomically,
} from '@ramet/service';
import type { LogLine } from '../../domain/log-line.js';
import type { Observation, StopCause, WorkloadExit } from '../../domain/observation.js';
import type { LogRange, MadeWorkload, Runtime, Start } from '../runtime.js';
import { BundleError, copyBundle } from './bundle.js';
import { askToStop } from './control.js';
import {
  type ExecutionFolders,
  executionsIn,
  foldersOf,
  isExecutionName,
  SHARED_DIRS,
} from './folders.js';
import { followLog } from './follow-log.js';
import type { IsolationMode } from './isolation.js';
import { launchRunner } from './launch-runner.js';
import {
  type Ended,
  exitText,
  type Owner,
  readExit,
  readRecord,
  takeOwnership,
} from './records.js';
import { removeOwned, removeTree } from './remove-tree.js';
import { type RunnerConfig, type RunnerMesh, runnerConfig, uidOf } from './runner-config.js';
import { StorageFolders } from './storages.js';
import { sweep, sweepRunners } from './sweep.js';

/** What the process runtime is set up with. */
export interface ProcessRuntimeOptions {
  readonly stateDir: string;
  readonly runDir: string;
  readonly storageDir: string;
  readonly bundlesDir: string;
  readonly isolation: IsolationMode;
  /** The first of the user ids for workloads, where each has its own. */
  readonly uidBase: number;
  /** What a workload must not see, where it runs in a namespace. */
  readonly hiddenDirs: readonly string[];
  readonly runnerProgram: string;
  /** Marks all processes of the mesh. Empty: there is no such mark. */
  readonly meshDir: string;
  /** What stands for this host in the addresses of what workloads listen on. */
  readonly endpointHost: string;
  readonly inputsAllowPrivate: boolean;
  readonly mesh?: RunnerMesh;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
}

const GONE_ROUNDS = 200;
const GONE_ROUND_MS = 25;
const REPORTED_WITHIN_MS = 60_000;

/**
 * Runs workloads as processes of this host, each beside a runner of its own.
 *
 * It keeps nothing in memory: what there is it reads from the folders of each execution, so that
 * an executor that comes back goes on where the last one ended.
 */
export class ProcessRuntime implements Runtime {
  readonly name = 'process';
  readonly #options: ProcessRuntimeOptions;
  readonly #storages: StorageFolders;

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options;
    this.#storages = new StorageFolders(options);
  }

  async start(workload: MadeWorkload, start: Start): Promise<void> {
    const folders = this.#folders(workload.name);
    const owner = await readRecord<Owner>(folders.runner);
    if (owner) return this.#settle(folders, owner, { kind: 'START_FAILED' });

    try {
      await this.#prepare(folders, workload, start);
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      return this.#end(folders, { kind: 'START_FAILED', message: error.message });
    }
    this.#options.failpoints.hit('executor.process.prepared');
    await launchRunner(this.#options, folders, workload.name);
  }

  async observe(name: string): Promise<Observation> {
    const folders = this.#folders(name);
    const seen = await this.#see(folders);
    if (seen !== 'gone') return seen;

    // It may have written its record and ended since that was looked for; or it has ended while it
    // sent what its workload left, whose end it had written down before.
    const ended = (await readExit(folders.exit)) ?? (await readExit(folders.ended));
    if (ended) return ended;
    await this.#sweep(name, folders);
    return { state: 'exited', exit: { kind: 'LOST' } };
  }

  async stop(name: string, cause: StopCause, graceMs: number): Promise<void> {
    const folders = this.#folders(name);
    if (await readExit(folders.exit)) return;
    const owner = await readRecord<Owner>(folders.runner);
    if (!owner) return this.#end(folders, { kind: cause });
    if (owner.pid === 0) return this.#settle(folders, owner, { kind: cause });
    if (isAlive(owner as ProcessIdentity)) await askToStop(folders.control, cause, graceMs);
  }

  async isQuiet(name: string): Promise<boolean> {
    const owner = await readRecord<Owner>(this.#folders(name).runner);
    return !owner || owner.pid === 0 || !isAlive(owner as ProcessIdentity);
  }

  async kill(name: string): Promise<void> {
    const folders = this.#folders(name);
    await this.#killRunner(folders);
    await this.#sweep(name, folders);
  }

  async remove(name: string): Promise<void> {
    const folders = this.#folders(name);
    const state = await readdir(folders.state).catch(() => undefined);
    if (state && !(await takeOwnership(folders.runner))) await this.#killRunner(folders);
    const uid = await this.#sweep(name, folders);
    if (uid !== undefined) await removeOwned(SHARED_DIRS, uid);
    this.#options.failpoints.hit('executor.process.swept');
    await removeTree(folders.run);
    await removeTree(folders.control);
    this.#options.failpoints.hit('executor.process.removing');
    await removeTree(folders.state);
  }

  async list(): Promise<readonly string[]> {
    const { stateDir, runDir } = this.#options;
    const names = await Promise.all([readdir(executionsIn(stateDir)), readdir(runDir)]);
    return [...new Set(names.flat().filter(isExecutionName))].sort();
  }

  async sweep(names: ReadonlySet<string>): Promise<void> {
    await sweepRunners(this.#options.stateDir, names, this.#options.clock);
  }

  listStorages(): Promise<readonly string[]> {
    return this.#storages.list();
  }

  async removeStorage(cloneId: string): Promise<void> {
    this.#options.failpoints.hit('executor.storage.removing');
    await this.#storages.remove(cloneId);
  }

  async *logs(name: string, range: LogRange): AsyncGenerator<readonly LogLine[]> {
    let isThere = false;
    const ended = async () => {
      const { state } = await this.observe(name);
      const hasGone = isThere && state === 'absent';
      isThere ||= state !== 'absent';
      return hasGone || state === 'exited';
    };
    yield* followLog(this.#folders(name).logs, range, { ended, clock: this.#options.clock });
  }

  #folders(name: string): ExecutionFolders {
    if (!isExecutionName(name)) throw new Error(`not the name of an execution: ${name}`);
    return foldersOf(this.#options, name);
  }

  /**
   * Makes the folders. The config is written last: while there is none no runner was launched,
   * and what there is may be made anew.
   */
  async #prepare(
    folders: ExecutionFolders,
    workload: MadeWorkload,
    { secrets, ...start }: Start,
  ): Promise<void> {
    const storage = await this.#storages.make(workload.cloneId);
    const config = runnerConfig(this.#options, { folders, storage }, { workload, ...start });
    await mkdir(folders.state, { recursive: true, mode: 0o700 });
    if (!(await readRecord(folders.config))) {
      await this.#makeRunFolder(folders, workload, uidOf(config.isolation));
      this.#options.failpoints.hit('executor.process.copied');
    }
    if (workload.made.setup.hasSecrets) {
      await writeAtomically(folders.secrets, JSON.stringify(secrets));
    }
    await writeAtomically(folders.config, JSON.stringify(config));
  }

  async #makeRunFolder(
    { run, work }: ExecutionFolders,
    { made: { source } }: MadeWorkload,
    uid: number | undefined,
  ): Promise<void> {
    await removeTree(run);
    await mkdir(run, { mode: 0o700 });
    const { bundlesDir } = this.#options;
    // What fetches inputs runs nothing of anybody's.
    if (source) await copyBundle({ bundlesDir, ...source }, { folder: work, uid });
    if (source && uid !== undefined) await chown(run, uid, uid);
  }

  async #see(folders: ExecutionFolders): Promise<Observation | 'gone'> {
    const ended = await readExit(folders.exit);
    const owner = await readRecord<Owner>(folders.runner);
    if (ended && !(await this.#isReporting(folders, owner, ended))) return ended;
    if (!owner || owner.pid === 0) {
      const made = await readdir(folders.state).catch(() => undefined);
      return { state: made ? 'created' : 'absent' };
    }
    if (!isAlive(owner as ProcessIdentity)) return 'gone';
    if (!(await readRecord(folders.started))) return { state: 'starting' };
    return { state: (await readRecord(folders.ended)) ? 'finishing' : 'running' };
  }

  /**
   * Whether a runner is still passing on what its workload said of its end.
   *
   * A workload that exited by itself is judged by that too, so the exit is told after it; but a
   * runner that does not get through is not waited for for ever.
   */
  async #isReporting(
    folders: ExecutionFolders,
    owner: Owner | undefined,
    { exit }: Ended,
  ): Promise<boolean> {
    if (exit.kind !== 'EXITED' || !owner || owner.pid === 0) return false;
    if (!isAlive(owner as ProcessIdentity)) return false;
    const { mtimeMs } = await stat(folders.exit);
    return this.#options.clock.now().getTime() - mtimeMs < REPORTED_WITHIN_MS;
  }

  /** Ends what was never started, unless a runner owns it by now. */
  async #end(folders: ExecutionFolders, exit: WorkloadExit): Promise<void> {
    await mkdir(folders.state, { recursive: true, mode: 0o700 });
    if (!(await takeOwnership(folders.runner))) return;
    this.#options.failpoints.hit('executor.process.disowned');
    await removeTree(folders.secrets);
    await writeAtomically(folders.exit, exitText(exit, this.#options.clock.now()));
  }

  /** Finishes an end that was begun without a runner. */
  async #settle(folders: ExecutionFolders, owner: Owner, exit: WorkloadExit): Promise<void> {
    if (owner.pid !== 0 || (await readExit(folders.exit))) return;
    await writeAtomically(folders.exit, exitText(exit, this.#options.clock.now()));
  }

  async #killRunner({ runner }: ExecutionFolders): Promise<void> {
    const owner = await readRecord<ProcessIdentity>(runner);
    if (!owner || owner.pid === 0) return;
    signalProcess(owner, 'SIGKILL');
    for (let round = 0; isAlive(owner); round += 1) {
      if (round === GONE_ROUNDS) throw new Error(`runner ${owner.pid} does not end`);
      await this.#options.clock.sleep(GONE_ROUND_MS);
    }
  }

  /**
   * Ends what its runner has left behind, and removes what was for its workload alone. Returns the
   * user that the workload had, if it had one of its own.
   */
  async #sweep(
    name: string,
    { config, secrets, overrides }: ExecutionFolders,
  ): Promise<number | undefined> {
    const made = await readRecord<RunnerConfig>(config);
    const uid = made && uidOf(made.isolation);
    await sweep(name, uid, this.#options.clock);
    await removeTree(secrets);
    await removeTree(overrides);
    return uid;
  }
}
