import type { Clock } from '@ramet/service';
import type { Observation } from './domain/observation.js';
import type { Runtime } from './runtimes/runtime.js';

const LOOK_MS = 200;

interface Watched {
  readonly name: string;
  /** What was seen when it was handed over. */
  readonly state: Observation['state'];
}

interface Needs {
  readonly runtime: Pick<Runtime, 'observe'>;
  readonly clock: Clock;
  /** Told of those of which something else is to be seen than before. */
  readonly onChange: (executionIds: readonly string[]) => Promise<void>;
  readonly onError: (thrown: unknown) => void;
}

/**
 * Looks after what runs on this host, so that the database need not be asked to find out.
 *
 * It only shortens waits: every workload is due again by itself sooner or later.
 */
export class Vigil implements AsyncDisposable {
  readonly #needs: Needs;
  readonly #watched = new Map<string, Watched>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#running = this.#run();
  }

  /** Watches a workload until something changes about it. */
  watch(executionId: string, watched: Watched): void {
    this.#watched.set(executionId, watched);
  }

  /** Watches a workload no longer. */
  forget(executionId: string): void {
    this.#watched.delete(executionId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, onError } = this.#needs;
    while (!this.#stop.signal.aborted) {
      await this.#look().catch(onError);
      await clock.sleep(LOOK_MS, this.#stop.signal);
    }
  }

  /** One that cannot be looked at keeps no other from being seen. */
  async #isChanged({ name, state: before }: Watched): Promise<boolean> {
    const { runtime, onError } = this.#needs;
    try {
      return isNews(before, (await runtime.observe(name)).state);
    } catch (thrown) {
      onError(thrown);
      return false;
    }
  }

  async #look(): Promise<void> {
    const changed = new Map<string, Watched>();
    for (const [id, watched] of this.#watched) {
      if (await this.#isChanged(watched)) changed.set(id, watched);
    }
    if (changed.size === 0) return;

    // Let go first: whoever is told may hand them over again at once.
    for (const id of changed.keys()) this.#watched.delete(id);
    try {
      await this.#needs.onChange([...changed.keys()]);
    } catch (thrown) {
      for (const [id, watched] of changed) this.#watched.set(id, watched);
      throw thrown;
    }
  }
}

/** Until a workload runs, how far its making is changes nothing. */
function isNews(before: Observation['state'], after: Observation['state']): boolean {
  return stageOf(before) !== stageOf(after);
}

function stageOf(state: Observation['state']): 'coming' | 'running' | 'exited' {
  if (state === 'finishing') return 'running';
  return state === 'running' || state === 'exited' ? state : 'coming';
}
