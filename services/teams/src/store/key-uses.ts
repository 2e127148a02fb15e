import type { Database } from '@ramet/database';
import type { Clock } from '@ramet/service';

/** What is told when uses cannot be written. */
interface Warned {
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

interface KeyUsesOptions {
  readonly db: Database;
  readonly clock: Pick<Clock, 'elapsed' | 'after'>;
  readonly logger: Warned;
}

/** A key is written of this often at most. */
const ONCE_MS = 60_000;
/** How long a use may wait for others, so that one statement writes many. */
const GATHER_MS = 1_000;

/**
 * Notes when keys are used, apart from the calls that use them.
 *
 * Of one key at most one use a minute is written, by all replicas together. What cannot be written is
 * left out: a later use says as much.
 */
export class KeyUses implements AsyncDisposable {
  readonly #options: KeyUsesOptions;
  /** When each was noted last, by the process's clock: none much longer ago than a minute. */
  readonly #notedAtMs = new Map<string, number>();
  #waiting: string[] = [];
  #stopTimer: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: KeyUsesOptions) {
    this.#options = options;
  }

  /** Notes that a key is used. Throws nothing, and is not waited for. */
  note(apiKeyId: string): void {
    const { clock } = this.#options;
    const nowMs = clock.elapsed();
    const notedAtMs = this.#notedAtMs.get(apiKeyId);
    if (notedAtMs !== undefined && nowMs - notedAtMs < ONCE_MS) return;
    this.#notedAtMs.set(apiKeyId, nowMs);
    this.#waiting.push(apiKeyId);
    this.#stopTimer ??= clock.after(GATHER_MS, () => void this.flush());
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  async #write(): Promise<void> {
    const { db, logger } = this.#options;
    const ids = this.#waiting;
    this.#waiting = [];
    this.#forget();
    if (ids.length === 0) return;
    try {
      await db.query(WRITE, [ids]);
    } catch (thrown) {
      logger.warn('when keys were used cannot be written', { count: ids.length, error: thrown });
    }
  }

  #forget(): void {
    const nowMs = this.#options.clock.elapsed();
    for (const [id, notedAtMs] of this.#notedAtMs) {
      if (nowMs - notedAtMs >= ONCE_MS) this.#notedAtMs.delete(id);
    }
  }
}

// Whoever holds a row writes the same, or revokes it.
const WRITE = `
  with used as (
    select id from api_key
    where id = any($1)
      and (last_used_at is null or last_used_at <= ramet_now() - interval '1 minute')
    order by id for no key update skip locked
  )
  update api_key k set last_used_at = ramet_now() from used where k.id = used.id`;
