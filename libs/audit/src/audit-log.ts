import { AsyncLocalStorage } from 'node:async_hooks';
import { metrics } from '@opentelemetry/api';
import { type Bell, createBell, type Database } from '@ramet/database';
import type { AuditRecord } from '@ramet/rpc';
import { insertEntries, pruneEntries } from './audit-table.js';
import { Entries } from './entry.js';
import type { Clock, Logger } from './ports.js';

export interface AuditLogOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long records are kept. */
  readonly retentionDays: number;
}

/** How long a record may wait for others, so that one statement writes many. */
const GATHER_MS = 100;
/** How long to wait before what could not be written is tried again. */
const RETRY_MS = 1_000;
const PRUNE_EVERY_MS = 60 * 60_000;
const BATCH = 500;
const MAX_WAITING = 10_000;

/**
 * Writes the audit of a service, apart from the calls that it is about.
 *
 * While the database is away records wait, 10,000 of them at most; those beyond are counted in
 * `audit_records_lost` and logged. A process that is killed loses what it has gathered in the last
 * tenth of a second; what calls have changed is in the history all the same.
 */
export class AuditLog implements AsyncDisposable {
  /** Rings when records were added here. */
  readonly added: Bell = createBell();
  readonly #options: AuditLogOptions;
  readonly #waiting = new Entries(MAX_WAITING);
  readonly #lost = metrics.getMeter('@ramet/audit').createCounter('audit_records_lost', {
    description: 'Calls that the audit has no record of, because the database was away too long.',
  });
  /** Records are of many calls: they are not written in the context of one of these. */
  readonly #apart = AsyncLocalStorage.snapshot();
  #stopTimer: (() => void) | undefined;
  #stopPruning: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#pruneLater();
  }

  keep(record: AuditRecord): void {
    this.#waiting.add(record);
    this.#writeAfter(GATHER_MS);
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#stopPruning?.();
    await this.flush();
    this.#tellOfLoss(this.#waiting.size);
  }

  #writeAfter(ms: number): void {
    if (this.#isClosed) return;
    this.#stopTimer ??= this.#options.clock.after(ms, () => this.#apart(() => void this.flush()));
  }

  async #write(): Promise<void> {
    const { db, logger } = this.#options;
    while (this.#waiting.size > 0) {
      const batch = this.#waiting.take(BATCH);
      try {
        await insertEntries(db, batch);
      } catch (thrown) {
        this.#waiting.putBack(batch);
        logger.warn('the audit cannot be written', { error: thrown });
        this.#writeAfter(RETRY_MS);
        return;
      }
      this.added.ring();
    }
    this.#tellOfLoss(this.#waiting.takeLost());
  }

  #tellOfLoss(count: number): void {
    if (count === 0) return;
    this.#lost.add(count);
    this.#options.logger.warn('records of the audit are lost', { count });
  }

  #pruneLater(): void {
    const { clock, db, retentionDays, logger } = this.#options;
    this.#stopPruning = clock.after(PRUNE_EVERY_MS, () => {
      prune(db, retentionDays)
        .catch((thrown: unknown) => logger.warn('the audit cannot be pruned', { error: thrown }))
        .finally(() => {
          if (!this.#isClosed) this.#pruneLater();
        });
    });
  }
}

/** Removes all records that have outlived their retention, some at a time. */
export async function prune(db: Database, days: number): Promise<void> {
  while ((await pruneEntries(db, days, BATCH)) === BATCH);
}
