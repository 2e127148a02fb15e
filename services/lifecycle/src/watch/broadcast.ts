import { createBell, type HistoryRow, type Tailer } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import type { Call, Logger } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import type { WatchLimits } from '../deps.js';
import { sees } from '../domain/sight.js';
import { passes } from '../domain/watch-filter.js';
import type { RecentProgress } from '../store/runners.js';
import type { Audience, AudienceWish } from './audience.js';
import { Audiences } from './audiences.js';
import { type PastReads, readBefores } from './befores.js';
import { isOfClone, type SharedChange } from './changes.js';
import type { ProgressBoard } from './progress-board.js';
import { Seat } from './seat.js';

interface BroadcastOptions {
  readonly history: Tailer;
  readonly changes: (row: HistoryRow) => SharedChange;
  readonly watchReads: PastReads & { lastPosition(): Promise<bigint> };
  readonly watchLimits: WatchLimits;
  readonly progress: ProgressBoard;
  readonly clock: Clock;
  readonly logger: Logger;
}

const TICK_MS = 1_000;
const RETRY_MS = 500;

/**
 * Tells all watchers of this process what happens. It reads the history once, asks each filter once,
 * and wakes only those who are concerned. It costs nothing while nobody watches.
 */
export class Broadcast implements AsyncDisposable {
  readonly #options: BroadcastOptions;
  readonly #audiences: Audiences;
  readonly #seats = new Set<Seat>();
  readonly #ticked = createBell();
  readonly #perCaller = new Map<string, number>();
  #stop = new AbortController();
  #begun: Promise<void> | undefined;
  #running: Promise<unknown> = Promise.resolve();
  /** All audiences have been told everything up to here. */
  #position = 0n;
  /** What is being told goes up to here. */
  #claimed = 0n;
  /** The time, as of the last tick. */
  now = 0;

  constructor(options: BroadcastOptions) {
    this.#options = options;
    this.#audiences = new Audiences(options.watchLimits.held);
  }

  /** Calls back about once a second while anybody watches, until the returned function is called. */
  readonly pulse = (callback: () => void): (() => void) => this.#ticked.listen(callback);

  get position(): bigint {
    return this.#position;
  }

  /** The last position that was seen, whether it has been told to all yet or not. */
  get head(): bigint {
    return this.#claimed;
  }

  /** What is kept in memory: audiences, and what their logs hold. */
  get held(): { readonly seats: number; readonly audiences: number; readonly told: number } {
    return { seats: this.#seats.size, ...this.#audiences.held };
  }

  /** Lets a watcher in, until it leaves. Throws WATCH_LIMIT if its caller has too many. */
  admit(call: Pick<Call, 'caller' | 'abort'>): Seat {
    const count = this.#perCaller.get(call.caller.id) ?? 0;
    if (count >= this.#options.watchLimits.perCaller) throw tooMany(call.caller.id, count);
    this.#perCaller.set(call.caller.id, count + 1);
    if (this.#seats.size === 0) this.now = this.#options.clock.elapsed();
    const seat = new Seat(call, this.now);
    this.#seats.add(seat);
    return seat;
  }

  leave(seat: Seat): void {
    if (!this.#seats.delete(seat)) return;
    this.#audiences.leave(seat);
    const { id } = seat.call.caller;
    const count = (this.#perCaller.get(id) ?? 1) - 1;
    if (count > 0) this.#perCaller.set(id, count);
    else this.#perCaller.delete(id);
    if (this.#seats.size === 0) this.#end();
  }

  /** Joins a seat to those who are told the same. Before it has caught up it has to read the past. */
  async join(seat: Seat, wish: AudienceWish): Promise<Audience> {
    this.#begun ??= this.#begin(this.#stop);
    await this.#begun;
    return this.#audiences.join(seat, wish, this.#claimed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.#running;
  }

  async #begin({ signal }: AbortController): Promise<void> {
    const position = await this.#options.watchReads.lastPosition().catch((thrown: unknown) => {
      if (!signal.aborted) this.#begun = undefined;
      throw thrown;
    });
    // Who waited for this has left.
    if (signal.aborted) return;
    this.#position = position;
    this.#claimed = position;
    this.#audiences.restart(position);
    const before = this.#running;
    this.#running = Promise.all([before, this.#follow(signal), this.#tick(signal)]);
  }

  #end(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#begun = undefined;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { history, progress, clock, logger } = this.#options;
    const quits = [progress.watch(), progress.changed.listen(() => this.#report(progress.latest))];
    while (!signal.aborted) {
      try {
        for await (const page of history.followPages({ after: this.#position, signal })) {
          await this.#tell(page, signal);
        }
        break;
      } catch (thrown) {
        logger.warn('changes cannot be told', { error: String(thrown) });
        await clock.sleep(RETRY_MS, signal);
      }
    }
    for (const quit of quits) quit();
  }

  async #tell(rows: readonly HistoryRow[], signal: AbortSignal): Promise<void> {
    const { changes, watchReads } = this.#options;
    const page = rows.filter(isOfClone).map((row) => {
      const change = changes(row);
      return { change, audiences: this.#audiences.of(change) };
    });
    const last = rows.at(-1)?.position ?? this.#position;
    // Who joins while the clones before are read has to read this page for itself.
    this.#claimed = last;
    const doubtful = page.filter(({ change, audiences }) => {
      return audiences.some((audience) => audience.isDoubtful(change));
    });
    const befores = await readBefores(
      watchReads,
      page.map(({ change }) => change),
      doubtful.map(({ change }) => change),
    );
    if (signal.aborted) return;

    const concerned = new Set<Audience>();
    for (const { change, audiences } of page) {
      for (const audience of audiences) {
        const told = audience.judge(change, befores);
        if (!told) continue;
        audience.push(told);
        concerned.add(audience);
      }
      this.#audiences.slide(change);
    }
    this.#position = last;
    for (const audience of concerned) this.#audiences.wake(audience);
  }

  #report(reports: readonly RecentProgress[]): void {
    for (const audience of this.#audiences.all()) {
      const heard = reports.filter(({ clone }) => {
        return sees(audience.sight, clone.ownerId) && passes(audience.filter, clone);
      });
      if (heard.length === 0) continue;
      audience.report(heard);
      this.#audiences.wake(audience);
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { clock, watchLimits } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(TICK_MS, signal);
      this.now = clock.elapsed();
      this.#ticked.ring();
      for (const seat of [...this.#seats]) {
        if (seat.isTooSlow(this.#position, this.now, watchLimits)) seat.cut();
        else if (seat.isProofDue(this.now)) seat.wake();
      }
    }
  }
}

function tooMany(callerId: string, count: number): PublicError {
  const message = `you have ${count} watches already: end one of them`;
  return new PublicError('resource_exhausted', 'WATCH_LIMIT', message, {
    metadata: { limit: String(count) },
    quotas: [{ subject: callerId, description: message }],
  });
}
