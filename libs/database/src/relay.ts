import type { Bus, BusMessage } from './bus.js';
import type { Database } from './database.js';
import { type HistoryRow, isFullPage, readHistory } from './history.js';
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

/** Below the server's default limit of 1 MiB, headers included. */
const PAYLOAD_BYTES = 900 * 1024;

/**
 * Publishes the history in order of position, at least once, until aborted.
 *
 * What was published is noted after it was confirmed, a page at a time, so that a crash publishes
 * again; the stream drops the second copy by its id. It does not ask the database while idle.
 */
export async function relay(options: RelayOptions): Promise<void> {
  const { db, bus, clock, logger, waker, signal } = options;
  let after: bigint | undefined;
  let isStuck = false;
  while (!signal.aborted) {
    try {
      if (bus.connected) {
        after ??= await publishedPosition(db);
        after = await publishFrom(after, options);
        isStuck = false;
      }
      await waker.wait(IDLE_MS, signal);
    } catch (thrown) {
      after = undefined;
      if (!isStuck) logger.warn('the relay is stuck', { schema: db.schema, error: String(thrown) });
      isStuck = true;
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

/** Publishes all that comes after a position. Returns the position of the last one. */
async function publishFrom(start: bigint, options: RelayOptions): Promise<bigint> {
  const { db, signal } = options;
  let after = start;
  let isMore = true;
  while (isMore && !signal.aborted) {
    const rows = await readHistory(db, { after, limit: PAGE });
    const { done, failure } = await publishAll(rows, options);
    const last = rows[done - 1];
    if (last) {
      await savePublished(db, last.position);
      after = last.position;
    }
    if (failure) throw failure.reason;
    isMore = isFullPage(rows, PAGE);
  }
  return after;
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
