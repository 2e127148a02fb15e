import type { Bus, BusMessage } from './bus.js';
import type { Database } from './database.js';
import { type HistoryRow, isFullPage, readNewest } from './history.js';
import type { Clock, Logger } from './ports.js';
import type { Waker } from './waker.js';

interface RelayOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly service: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Woken when there are new positions or a new connection. */
  readonly waker: Waker;
  readonly signal: AbortSignal;
}

const NAME = 'nats';
const PAGE = 512;
const PIPELINE = 64;
const IDLE_MS = 60_000;
const RETRY_MS = 500;
/** How often what was published is noted, at most. */
const NOTE_MS = 1_000;

/** Below the server's default limit of 1 MiB, headers included. */
const PAYLOAD_BYTES = 900 * 1024;

/**
 * Publishes the history in order of position, at least once, until aborted.
 *
 * What was published is noted after it was confirmed, now and then and at the end, so that a crash
 * publishes again; the stream drops the second copy by its id. It does not ask the database while
 * idle.
 */
export async function relay(options: RelayOptions): Promise<void> {
  const { db, bus, clock, logger, waker, signal } = options;
  let progress: Progress | undefined;
  let isStuck = false;
  while (!signal.aborted) {
    try {
      if (bus.connected) {
        progress ??= await beginAfter(db);
        await publishFrom(progress, options);
        isStuck = false;
      }
      const isNoted = progress === undefined || (await note(progress, options));
      await waker.wait(isNoted ? IDLE_MS : NOTE_MS, signal);
    } catch (thrown) {
      if (!isStuck) logger.warn('the relay is stuck', { schema: db.schema, error: String(thrown) });
      isStuck = true;
      await clock.sleep(RETRY_MS, signal);
    }
  }
  if (progress && progress.after > progress.noted) {
    await savePublished(db, progress.after).catch(() => undefined);
  }
}

/** How far a relay has come. */
interface Progress {
  /** The position of the last row that was confirmed. */
  after: bigint;
  noted: bigint;
  notedAt: number;
}

async function beginAfter(db: Database): Promise<Progress> {
  const after = await publishedPosition(db);
  return { after, noted: after, notedAt: Number.NEGATIVE_INFINITY };
}

/** Publishes all that comes next, as far as that is confirmed. */
async function publishFrom(progress: Progress, options: RelayOptions): Promise<void> {
  const { db, signal } = options;
  let isMore = true;
  while (isMore && !signal.aborted) {
    const rows = await readNewest(db, { after: progress.after, limit: PAGE });
    const { done, failure } = await publishAll(rows, options);
    progress.after = rows[done - 1]?.position ?? progress.after;
    await note(progress, options);
    if (failure) throw failure.reason;
    isMore = isFullPage(rows, PAGE);
  }
}

/** Notes how far it has come, if the last note is old. Tells whether all is noted. */
async function note(progress: Progress, { db, clock }: RelayOptions): Promise<boolean> {
  const { after, noted, notedAt } = progress;
  if (after === noted) return true;
  if (clock.elapsed() - notedAt < NOTE_MS) return false;
  await savePublished(db, after);
  progress.noted = after;
  progress.notedAt = clock.elapsed();
  return true;
}

interface Published {
  /** How many were confirmed without a gap. */
  readonly done: number;
  readonly failure?: PromiseRejectedResult;
}

async function publishAll(
  rows: readonly HistoryRow[],
  { bus, service, signal }: RelayOptions,
): Promise<Published> {
  for (let done = 0; done < rows.length; done += PIPELINE) {
    if (signal.aborted) return { done };
    const slice = rows.slice(done, done + PIPELINE);
    const sent = await Promise.allSettled(slice.map((row) => bus.publish(message(service, row))));
    const failed = sent.findIndex(({ status }) => status === 'rejected');
    const failure = sent[failed];
    if (failure?.status === 'rejected') return { done: done + failed, failure };
  }
  return { done: rows.length };
}

/** A row as a CloudEvent in binary mode: attributes in headers, the stored message as it is. */
function message(service: string, row: HistoryRow): BusMessage {
  const [aggregateKind = '', event = ''] = row.kind.split('.');
  const isTooLarge = row.payload.length > PAYLOAD_BYTES;
  const id = `${service}:${row.position}`;
  return {
    subject: `ramet.${service}.${aggregateKind}.${row.aggregate}.${event}`,
    // Who needs it reads it from the owner: a row must never keep those after it from going out.
    payload: isTooLarge ? new Uint8Array() : row.payload,
    id,
    headers: {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-source': `/ramet/${service}`,
      'ce-type': `ramet.${service}.v1.${row.kind}`,
      'ce-subject': row.aggregate,
      'ce-time': row.at.toISOString(),
      'ce-datacontenttype': 'application/protobuf',
      'ce-position': String(row.position),
      'ce-seq': String(row.seq),
      ...(isTooLarge && { 'ce-dataomitted': 'true' }),
      ...(row.trace && { traceparent: row.trace }),
    },
  };
}

async function publishedPosition(db: Database): Promise<bigint> {
  const sql = 'select position from relay where name = $1';
  const [row] = await db.query<{ position: bigint }>(sql, [NAME]);
  return row?.position ?? 0n;
}

async function savePublished(db: Database, position: bigint): Promise<void> {
  const sql = `
    insert into relay (name, position) values ($1, $2)
    on conflict (name) do update set position = excluded.position
    where relay.position < excluded.position`;
  await db.query(sql, [NAME, position]);
}
