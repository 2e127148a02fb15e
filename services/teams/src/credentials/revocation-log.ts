import { createBell, createWaker, type Database } from '@ramet/database';
import { type Caller, FRESH_MS, REVOKED_MS, type Revocations, RevokedSubjects } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import {
  isRevoked,
  REVOCATION_CHANNEL,
  type RevocationRow,
  readRevocations,
} from '../store/revocations.js';

export interface RevocationLogOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What was revoked, from a place in the log on, and when it was looked. */
export interface RevocationPage {
  readonly rows: readonly RevocationRow[];
  readonly seq: bigint;
  /**
   * By the clock's `elapsed`: everything that was committed before is known. Absent: more rows of
   * the same look are on the next page.
   */
  readonly lookedAt?: number;
}

/** How often it is looked though nothing was heard: what shows that nothing was missed. */
const LOOK_MS = 700;
const PAUSE_MS = 250;
/** How many rows one message has at most: half a megabyte. */
const PAGE_ROWS = 10_000;

/**
 * The revocations of all replicas, as this one knows them.
 *
 * It hears of each by NOTIFY, and looks every now and then on the same connection: so it knows how
 * old what it knows may be.
 */
export class RevocationLog implements Revocations, AsyncDisposable {
  readonly #options: RevocationLogOptions;
  readonly #stop = new AbortController();
  readonly #looked = createBell();
  readonly #changed = createBell();
  readonly #subjects = new RevokedSubjects();
  readonly #running: Promise<void>;
  /** In order. Changed in place: what is told of them is a copy. */
  readonly #rows: RevocationRow[] = [];
  #seq = 0n;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RevocationLogOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  isFresh(): boolean {
    return this.#options.clock.elapsed() - this.#lookedAt <= FRESH_MS;
  }

  isRevoked(caller: Caller): boolean {
    return this.#subjects.has(caller);
  }

  ask(caller: Pick<Caller, 'id' | 'version' | 'tokenId' | 'credentialIds'>): Promise<boolean> {
    return isRevoked(this.#options.db, caller);
  }

  onChange(callback: () => void): () => void {
    return this.#changed.listen(callback);
  }

  /** Tells all that can still matter, then more whenever it has looked, until the signal aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<RevocationPage> {
    const waker = createWaker(this.#options.clock);
    const quit = this.#looked.listen(() => waker.wake());
    try {
      for (let after = -1n; !signal.aborted; ) {
        if (this.#lookedAt > Number.NEGATIVE_INFINITY) {
          const [rows, seq, lookedAt] = [rowsAfter(this.#rows, after), this.#seq, this.#lookedAt];
          after = seq;
          yield* pagesOf({ rows, seq, lookedAt });
        }
        while (!signal.aborted && !(await waker.wait(LOOK_MS, signal)));
      }
    } finally {
      quit();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#listen(signal);
      } catch (thrown) {
        logger.warn('revocations cannot be followed', { error: String(thrown) });
        await clock.sleep(PAUSE_MS, signal);
      }
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { db, clock } = this.#options;
    await using session = await db.reserve();
    const waker = createWaker(clock);
    await session.listen(REVOCATION_CHANNEL, () => waker.wake());
    while (!signal.aborted) {
      const lookedAt = clock.elapsed();
      this.#take(await readRevocations(session, this.#seq), lookedAt);
      await waker.wait(LOOK_MS, signal);
    }
  }

  #take({ seq, rows }: Pick<RevocationPage, 'seq' | 'rows'>, lookedAt: number): void {
    for (const row of rows) this.#subjects.add(row, lookedAt);
    this.#subjects.forget(lookedAt);
    for (const row of rows) this.#rows.push(row);
    removeOld(this.#rows, this.#options.clock.now());
    this.#seq = seq;
    this.#lookedAt = lookedAt;
    if (rows.length > 0) this.#changed.ring();
    this.#looked.ring();
  }
}

/** The rows, which are in order, after a place in the log. */
function rowsAfter(rows: readonly RevocationRow[], after: bigint): readonly RevocationRow[] {
  return rows.slice(rows.findLastIndex(({ seq }) => seq <= after) + 1);
}

/** Removes the rows that no token is as old as. */
function removeOld(rows: RevocationRow[], now: Date): void {
  const oldest = now.getTime() - REVOKED_MS;
  const start = rows.findIndex(({ at }) => at.getTime() > oldest);
  if (start !== 0) rows.splice(0, start === -1 ? rows.length : start);
}

/** Splits a page into those that fit into a message: the last says when it was looked. */
function* pagesOf({ rows, seq, lookedAt }: RevocationPage): Generator<RevocationPage> {
  let start = 0;
  for (; rows.length - start > PAGE_ROWS; start += PAGE_ROWS) {
    yield { rows: rows.slice(start, start + PAGE_ROWS), seq };
  }
  yield { rows: rows.slice(start), seq, ...(lookedAt !== undefined && { lookedAt }) };
}
