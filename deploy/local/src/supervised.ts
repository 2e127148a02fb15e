import { readFileSync } from 'node:fs';
import type { Clock } from '@ramet/service';
import type { Exit, Running } from './process.js';

/** How to run one process of the mesh. */
export interface Plan {
  readonly name: string;
  readonly logFile: string;
  readonly clock: Clock;
  /** Asks the process to end in its own time. */
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take to end before it is killed. */
  readonly graceMs: number;
  /** How long it may take to serve after it was started. */
  readonly readyMs: number;
  /** Whether it is started again when it ends unasked. */
  readonly restart: boolean;
  launch(): Promise<Running>;
  /** Resolves when the process serves; rejects or waits while it does not. Asked repeatedly. */
  isServing(): Promise<boolean>;
  /** Told of every end that nobody asked for, once the process has served. */
  onUnasked?(name: string, exit: Exit): void;
}

const POLL_MS = 20;
/** Before a process that had served is started again; twice as long whenever it does not. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
const LOG_TAIL = 2_000;

/** A process that is kept running until it is asked to stop. */
export class Supervised implements AsyncDisposable {
  readonly #plan: Plan;
  #running: Running | undefined;
  #wanted = false;
  #serving: Promise<void> = Promise.reject(new Error('not started'));
  #launching: Promise<void> | undefined;
  #served = false;
  #pauseMs = FIRST_PAUSE_MS;
  #waking = new AbortController();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#serving.catch(() => undefined);
  }

  get name(): string {
    return this.#plan.name;
  }

  /** The process id, while there is a process. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** Starts the process unless it runs. Resolves when it serves, throws if it ends before. */
  async start(): Promise<void> {
    this.#wanted = true;
    if (!this.#running) {
      this.#waking.abort();
      await this.#launch();
    }
    await this.#serving;
  }

  /** Resolves when the process serves: this one, or the next if it has just died. */
  async whenServing(): Promise<void> {
    const { clock, readyMs, name, logFile } = this.#plan;
    const until = clock.elapsed() + 2 * readyMs;
    while (clock.elapsed() < until) {
      const running = this.#running;
      const served = await this.#serving.then(
        () => true,
        () => false,
      );
      if (served && running && running === this.#running) return;
      await clock.sleep(POLL_MS);
    }
    throw new Error(`${name} does not serve: see ${logFile}`);
  }

  /** Sends a signal as an outsider would and waits for the end. It is started again. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const running = this.#running;
    if (!running) return;
    running.kill(signal);
    await running.exited;
  }

  /** Asks the process to end, kills it when its grace is over. Does nothing if none runs. */
  async stop(): Promise<Exit | undefined> {
    this.#wanted = false;
    this.#waking.abort();
    await this.#launching?.catch(() => undefined);
    const running = this.#running;
    if (!running) return undefined;
    running.kill(this.#plan.stopSignal);
    const cancel = this.#plan.clock.after(this.#plan.graceMs, () => running.kill('SIGKILL'));
    const exit = await running.exited;
    cancel();
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #launch(): Promise<void> {
    this.#launching ??= this.#launchOnce().finally(() => {
      this.#launching = undefined;
    });
    await this.#launching;
  }

  async #launchOnce(): Promise<void> {
    const running = await this.#plan.launch();
    this.#running = running;
    this.#serving = this.#untilServing(running);
    this.#serving.catch(() => undefined);
    void running.exited.then((exit) => this.#onExit(running, exit));
  }

  async #untilServing(running: Running): Promise<void> {
    const { clock, readyMs, name, logFile } = this.#plan;
    let ended: Exit | undefined;
    void running.exited.then((exit) => {
      ended = exit;
    });
    const until = clock.elapsed() + readyMs;
    for (;;) {
      const serves = await this.#plan.isServing().catch(() => false);
      if (ended) throw new Error(`${name} ended at its start (${told(ended)})${tail(logFile)}`);
      if (serves) {
        this.#served = true;
        this.#pauseMs = FIRST_PAUSE_MS;
        return;
      }
      if (clock.elapsed() > until) throw new Error(`${name} is not ready: see ${logFile}`);
      await clock.sleep(POLL_MS);
    }
  }

  #onExit(running: Running, exit: Exit): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#serving = Promise.reject(new Error(`${this.name} is down`));
    this.#serving.catch(() => undefined);
    if (!this.#wanted) return;
    if (this.#served) this.#plan.onUnasked?.(this.name, exit);
    if (this.#plan.restart) void this.#startAgain();
  }

  async #startAgain(): Promise<void> {
    this.#waking = new AbortController();
    while (this.#wanted && !this.#running) {
      await this.#plan.clock.sleep(this.#pauseMs, this.#waking.signal);
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
      if (this.#wanted && !this.#running) await this.#launch().catch(() => undefined);
    }
  }
}

function told({ code, signal }: Exit): string {
  return signal ? `by ${signal}` : `with code ${String(code)}`;
}

function tail(logFile: string): string {
  try {
    return `:\n${readFileSync(logFile, 'utf8').slice(-LOG_TAIL)}`;
  } catch {
    return '';
  }
}
