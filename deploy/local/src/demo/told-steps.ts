import type { Clock } from '@ramet/service';
import { type Recorded, SpanReader } from './spans.js';
import { STEPS, type Step, stepOf } from './steps.js';

interface Needs {
  readonly traces: string;
  readonly clock: Clock;
  /** Earlier steps are not told. */
  readonly since?: Date;
  say(line: string): void;
}

const POLL_MS = 50;
const NAME_WIDTH = 30;

/** Reads what the services record while the story goes on, and tells each step as it comes. */
export class ToldSteps implements AsyncDisposable {
  readonly #needs: Needs;
  readonly #reader: SpanReader;
  readonly #told = new Set<number>();
  readonly #over = new AbortController();
  readonly #loop: Promise<void>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#reader = new SpanReader(needs.traces, needs.since);
    this.#loop = this.#follow();
  }

  /**
   * Waits until every step is recorded, or the time is over.
   *
   * Whether that is all there should be is for the report to say.
   */
  async complete(withinMs: number): Promise<void> {
    const { clock } = this.#needs;
    const until = clock.elapsed() + withinMs;
    while (this.#told.size < STEPS.length && clock.elapsed() < until) await clock.sleep(POLL_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#loop;
  }

  async #follow(): Promise<void> {
    while (!this.#over.signal.aborted) {
      this.#read();
      await this.#needs.clock.sleep(POLL_MS, this.#over.signal);
    }
  }

  #read(): void {
    for (const span of this.#reader.read()) {
      const step = stepOf(span);
      if (!step || this.#told.has(step.n)) continue;
      if (isDone(span)) this.#told.add(step.n);
      this.#needs.say(describe(step, span));
    }
  }
}

function isDone({ status }: Recorded): boolean {
  return status === 'OK';
}

function describe({ n, caller, callee, rpc }: Step, { status, ms, traceId }: Recorded): string {
  const [, method = ''] = rpc.split('/');
  const [from, to] = n === 8 ? [callee, caller] : [caller, callee];
  const what = n === 8 ? 'the grant' : method;
  const who = `${from.padEnd(9)} -> ${to.padEnd(9)}`;
  const took = `${ms.toFixed(1)} ms`.padStart(9);
  return `step ${String(n).padStart(2)}  ${who}  ${what.padEnd(NAME_WIDTH)} ${status} ${took}  trace ${traceId}`;
}
