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
   * Must be safe to repeat: the position is noted after it, so that a crash brings pages again. It
   * runs outside of any transaction. What it throws brings the page again, later.
   */
  readonly handle: (entries: readonly Entry[], signal: AbortSignal) => Promise<void>;
  readonly bus?: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollMs?: number;
  /** For how long the position may go without being noted: after each page if not given. */
  readonly noteMs?: number;
}

/** What keeps a service up to date with another one's history. */
export interface Consumer extends AsyncDisposable {
  /** Has it read soon. Messages of the producer on the bus do so. */
  wake(): void;
}

const POLL_MS = 60_000;
/** How often to look while the bus is away and nobody tells of news. */
const AWAY_MS = 2_000;
const LEASE_MS = 5_000;
/** How long to keep the lease when there is no more: what comes then costs no new one. */
const KEEP_MS = 1_000;
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
      const isDone = await takeTurn(options, waker, signal);
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

/** Takes in all there is, and what comes soon after. Returns false if another replica is at it. */
async function takeTurn<Entry extends Positioned>(
  options: ConsumerOptions<Entry>,
  waker: Waker,
  signal: AbortSignal,
): Promise<boolean> {
  const turn = await Turn.take(options);
  if (!turn) return false;
  try {
    do {
      if (!(await consume(turn, options, signal))) return false;
    } while (await waker.wait(KEEP_MS, signal));
    return true;
  } finally {
    await turn.end().catch(() => undefined);
  }
}

/** Takes in all there is. Returns false if the lease was lost. */
async function consume<Entry extends Positioned>(
  turn: Turn,
  { read, handle }: ConsumerOptions<Entry>,
  signal: AbortSignal,
): Promise<boolean> {
  while (await turn.isKept()) {
    const entries = await read(turn.position, signal);
    const last = entries.at(-1);
    if (!last || signal.aborted) return true;
    await handle(entries, signal);
    turn.position = last.position;
  }
  return false;
}

type TurnOptions = Pick<ConsumerOptions<Positioned>, 'db' | 'producer' | 'clock' | 'noteMs'>;

interface Lease {
  readonly position: bigint;
  readonly leaseSeq: bigint;
}

/** The time in which one replica takes in what there is: a lease, and how far it has come. */
class Turn {
  position: bigint;
  readonly #options: TurnOptions;
  readonly #leaseSeq: bigint;
  #noted: bigint;
  #notedAt: number;

  private constructor(options: TurnOptions, { position, leaseSeq }: Lease) {
    this.#options = options;
    this.#leaseSeq = leaseSeq;
    this.position = position;
    this.#noted = position;
    this.#notedAt = options.clock.elapsed();
  }

  /** Undefined while another replica has the lease. */
  static async take(options: TurnOptions): Promise<Turn | undefined> {
    const [lease] = await options.db.query<Lease>(TAKE, [options.producer, LEASE_MS]);
    return lease && new Turn(options, lease);
  }

  /** Notes the position and prolongs the lease, when it is time. Returns false if that was lost. */
  async isKept(): Promise<boolean> {
    const { db, producer, clock, noteMs = 0 } = this.#options;
    const ageMs = clock.elapsed() - this.#notedAt;
    const isDue = this.position > this.#noted ? ageMs >= noteMs : ageMs >= LEASE_MS / 2;
    if (!isDue) return true;
    const params = [producer, this.position, this.#leaseSeq, LEASE_MS];
    this.#noted = this.position;
    this.#notedAt = clock.elapsed();
    return (await db.query(ADVANCE, params)).length > 0;
  }

  /** Notes the position and gives the lease back. */
  async end(): Promise<void> {
    const { db, producer } = this.#options;
    await db.query(END, [producer, this.position, this.#leaseSeq]);
  }
}

const TAKE = `
  insert into consumer (producer, position, lease_seq, leased_until)
  values ($1, 0, 1, ramet_now() + $2 * interval '1 millisecond')
  on conflict (producer) do update
  set lease_seq = consumer.lease_seq + 1, leased_until = excluded.leased_until
  where consumer.leased_until <= ramet_now()
  returning position, lease_seq as "leaseSeq"`;

const ADVANCE = `
  update consumer
  set position = $2, leased_until = ramet_now() + $4 * interval '1 millisecond'
  where producer = $1 and lease_seq = $3
  returning true as kept`;

const END = `
  update consumer set position = $2, leased_until = '-infinity'
  where producer = $1 and lease_seq = $3`;
