import type { Database, Queries } from '@ramet/database';
import type { Clock } from '@ramet/service';
import { forgetIdentityTokens, forgetLogins } from './forgetting.js';
import { forgetRevocations } from './revocations.js';

interface Warned {
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

interface HousekeepingOptions {
  readonly db: Database;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Warned;
}

/** How often what is old is removed. */
const EVERY_MS = 10 * 60_000;

const TASKS: Readonly<Record<string, (db: Queries) => Promise<void>>> = {
  revocations: forgetRevocations,
  logins: forgetLogins,
  'used identity tokens': forgetIdentityTokens,
};

/**
 * Removes what nobody asks for any more, now and then: no call waits for it. What cannot be removed
 * is warned of, and tried again the next time.
 */
export class Housekeeping implements AsyncDisposable {
  readonly #options: HousekeepingOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, db, logger } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      await clock.sleep(EVERY_MS, signal);
      for (const [what, forget] of Object.entries(TASKS)) {
        if (signal.aborted) return;
        await forget(db).catch((thrown: unknown) => {
          logger.warn('what is old cannot be removed', { what, error: String(thrown) });
        });
      }
    }
  }
}
