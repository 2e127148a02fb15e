import type { Bus } from './bus.js';
import type { Database } from './database.js';
import type { Clock, Logger } from './ports.js';
import { createWaker, type Waker } from './waker.js';

/** What a consumer needs of an entry: everything else is between `read` and `handle`. */
interface Positioned {
  readonly position: bigint;
}

export interface ConsumerOptions<Entry extends Positioned> {
  readonly db: Database;
  /** The service whose history is read. */
  readonly producer: string;
  /** Reads what follows a position from the producer; empty if there is no more yet. */
  readonly read: (after: bigint, signal: AbortSignal) => Promise<readonly Entry[]>;
  /**
   * Takes in a page of entries, in order.
   *
   * Must be safe to repeat: the position is noted after it, so that a crash brings a page again. It
   * runs outside of any transaction. What it throws brings the page again, later.
   */
  readonly handle: (entries: readonly Entry[], signal: AbortSignal) => Promise<void>;
  readonly bus?: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollMs?: number;
}

/** What keeps a service up to date with another one's history. */
export interface Consumer extends AsyncDisposable {
  /** Has it read soon. Messages of the producer on the bus do so. */
  wake(): void;
}

const POLL_MS = 60_000;
/** How often to look while the bus is away and nobody tells of news. */
const AWAY_MS = 2_000;
const LEASE_MS = 10_000;
/** How soon to look again when another replica is at it, and may have died of it. */
const TURN_MS = 2_000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 10_000;

/**
 * Starts to follow the history of a producer: at start, when woken, and on its own clock.
 *
 * The position is kept in the database, once per service; the replicas take turns by a lease.
 */
export function startConsumer<Entry extends Positioned>(options: ConsumerOptions<Entry>): Consumer {
  const { bus, clock, producer } = options;
  const stop = new AbortController();
  const waker = createWaker(clock);
  const wake = (): void => waker.wake();
  const quits = [
    bus?.subscribe(`ramet.${producer}.>`, wake),
    bus?.online.listen(wake),
    bus?.offline.listen(wake),
  ];
  const running = run(options, waker, stop.signal);
  return {
    wake,
    async [Symbol.asyncDispose]() {
      for (const quit of quits) quit?.();
      stop.abort();
      await running;
    },
  };
}

async function run<Entry extends Positioned>(
  options: ConsumerOptions<Entry>,
  waker: Waker,
  signal: AbortSignal,
): Promise<void> {
  const { clock, logger, producer, bus } = options;
  let retryMs = 0;
  while (!signal.aborted) {
    try {
      const isDone = await consume(options, signal);
      retryMs = 0;
      const pollMs = Math.min(options.pollMs ?? POLL_MS, isAway(bus) ? AWAY_MS : POLL_MS);
      await waker.wait(isDone ? pollMs : Math.min(pollMs, TURN_MS), signal);
    } catch (thrown) {
      if (retryMs === 0 && !signal.aborted) {
        logger.warn('history is not taken in', { producer, error: String(thrown) });
      }
      retryMs = Math.min(retryMs * 2 || FIRST_RETRY_MS, MAX_RETRY_MS);
      await clock.sleep(retryMs, signal);
    }
  }
}

function isAway(bus: Bus | undefined): boolean {
  return bus !== undefined && !bus.connected;
}

/** Takes in all there is. Returns false if another replica is at it. */
async function consume<Entry extends Positioned>(
  { db, producer, read, handle }: ConsumerOptions<Entry>,
  signal: AbortSignal,
): Promise<boolean> {
  const lease = await takeLease(db, producer);
  if (!lease) return false;
  const { leaseSeq } = lease;
  let { position } = lease;
  try {
    for (;;) {
      const entries = await read(position, signal);
      const last = entries.at(-1);
      if (!last || signal.aborted) return true;
      await handle(entries, signal);
      position = last.position;
      if (!(await advance(db, { producer, position, leaseSeq }))) return false;
    }
  } finally {
    await endLease(db, producer, leaseSeq).catch(() => undefined);
  }
}

interface Lease {
  readonly position: bigint;
  readonly leaseSeq: bigint;
}

async function takeLease(db: Database, producer: string): Promise<Lease | undefined> {
  const sql = `
    insert into consumer (producer, position, lease_seq, leased_until)
    values ($1, 0, 1, ramet_now() + $2 * interval '1 millisecond')
    on conflict (producer) do update
    set lease_seq = consumer.lease_seq + 1, leased_until = excluded.leased_until
    where consumer.leased_until <= ramet_now()
    returning position, lease_seq as "leaseSeq"`;
  const [lease] = await db.query<Lease>(sql, [producer, LEASE_MS]);
  return lease;
}

/** Notes the position and prolongs the lease. Returns false if the lease was lost. */
async function advance(
  db: Database,
  { producer, position, leaseSeq }: Lease & { readonly producer: string },
): Promise<boolean> {
  const sql = `
    update consumer
    set position = $2, leased_until = ramet_now() + $4 * interval '1 millisecond'
    where producer = $1 and lease_seq = $3
    returning true as kept`;
  return (await db.query(sql, [producer, position, leaseSeq, LEASE_MS])).length > 0;
}

async function endLease(db: Database, producer: string, leaseSeq: bigint): Promise<void> {
  const sql = `
    update consumer set leased_until = '-infinity' where producer = $1 and lease_seq = $2`;
  await db.query(sql, [producer, leaseSeq]);
}
