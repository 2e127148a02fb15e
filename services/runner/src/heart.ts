import type { Logger } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import type { Cause } from './exit-record.js';
import { isAway, isOver, type Mesh } from './mesh.js';
import type { Reports } from './reports.js';

const BEAT_MS = 5_000;
/** Progress is passed on about once a second, whatever a workload reports. */
const SHORTEST_BEAT_MS = 1_000;
const RENEW_RETRY_MS = 5_000;
/** A token is renewed early in its life, so that teams may be away for most of it. */
const RENEW_AT = 0.2;

interface Needs {
  readonly mesh: Mesh;
  readonly reports: Reports;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Called when the workload has to end: STOPPED if its users want that, INTERRUPTED if the mesh
   * does not know it any more, which nobody has asked for.
   */
  readonly onStop: (cause: Extract<Cause, 'STOPPED' | 'INTERRUPTED'>) => void;
}

/** What keeps an execution alive in the eyes of the mesh: its heartbeats and its token. */
export class Heart implements AsyncDisposable {
  readonly #needs: Needs;
  readonly #stopped = new AbortController();
  readonly #loops: Promise<unknown>;
  #wake = new AbortController();
  #away = false;
  #beating: Promise<unknown> = Promise.resolve();

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#loops = Promise.all([this.#beatLoop(), this.#renewLoop()]);
  }

  /** Lets the next beat come soon: there is progress to pass on. */
  wake(): void {
    this.#wake.abort();
  }

  /** Passes on the newest progress at once, if that was not done yet. */
  async flush(): Promise<void> {
    if (this.#needs.reports.unsent) await this.#beatNow();
  }

  /** Beats at once: something has turned. */
  async pulse(): Promise<void> {
    await this.#beatNow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    this.#wake.abort();
    await this.#loops;
    await this.#beating;
  }

  /** One beat at a time, so that none arrives with older news than one before it. */
  async #beatNow(): Promise<void> {
    this.#beating = this.#beating.then(() => this.#guard(() => this.#beat()));
    await this.#beating;
  }

  async #beatLoop(): Promise<void> {
    const { clock } = this.#needs;
    while (!this.#stopped.signal.aborted) {
      await clock.sleep(SHORTEST_BEAT_MS, this.#stopped.signal);
      await clock.sleep(BEAT_MS - SHORTEST_BEAT_MS, this.#wake.signal);
      this.#wake = new AbortController();
      await this.#beatNow();
    }
  }

  /** The last beat goes out after the stop, so that the newest progress is not lost. */
  async #beat(): Promise<void> {
    const { mesh, reports, onStop } = this.#needs;
    const progress = reports.unsent;
    const shouldStop = await mesh.beat(progress, reports.health).catch((error: unknown) => {
      // What lifecycle refuses is not sent again: the next progress will do.
      if (progress && !isAway(error)) reports.markSent(progress);
      throw error;
    });
    if (progress) reports.markSent(progress);
    if (shouldStop) onStop('STOPPED');
  }

  async #renewLoop(): Promise<void> {
    const { mesh, clock } = this.#needs;
    let waitMs = mesh.tokenLifetimeMs() * RENEW_AT;
    while (!this.#stopped.signal.aborted) {
      await clock.sleep(waitMs, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      const renewed = await this.#guard(() => mesh.renewToken());
      waitMs = renewed ? mesh.tokenLifetimeMs() * RENEW_AT : RENEW_RETRY_MS;
    }
  }

  /** Makes a call that may fail for a while. Some answers mean that the epoch is over. */
  async #guard(call: () => Promise<void>): Promise<boolean> {
    const { logger, onStop } = this.#needs;
    try {
      await call();
      if (this.#away) logger.info('the mesh is back');
      this.#away = false;
      return true;
    } catch (error) {
      if (isOver(error)) onStop('INTERRUPTED');
      if (!this.#away) logger.warn('the mesh is away', { error: String(error) });
      this.#away = true;
      return false;
    }
  }
}
