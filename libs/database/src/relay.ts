import type { Bus, BusMessage } from './bus.js';
import type { Database } from './database.js';
import { type HistoryRow, readHistory } from './history.js';
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
  let isStuck = false;
  while (!signal.aborted) {
    try {
      if (!bus.connected || !(await publishPage(options))) await waker.wait(IDLE_MS, signal);
      isStuck = false;
    } catch (thrown) {
      if (!isStuck) logger.warn('the relay is stuck', { schema: db.schema, error: String(thrown) });
      isStuck = true;
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

/** Publishes what comes next. Returns whether there was anything. */
async function publishPage({ db, bus, service, signal }: RelayOptions): Promise<boolean> {
  const after = await publishedPosition(db);
  const rows = await readHistory(db, { after, limit: PAGE });
  let done = 0;
  let failure: unknown;
  while (done < rows.length && failure === undefined && !signal.aborted) {
    const slice = rows.slice(done, done + PIPELINE);
    const sent = await Promise.allSettled(slice.map((row) => bus.publish(message(service, row))));
    const failed = sent.findIndex(({ status }) => status === 'rejected');
    done += failed < 0 ? slice.length : failed;
    const first = sent[failed];
    if (first?.status === 'rejected') failure = first.reason;
  }

  const last = rows[done - 1];
  if (last) await savePublished(db, last.position);
  if (failure !== undefined) throw failure;
  return rows.length > 0;
}

/** A row as a CloudEvent in binary mode: attributes in headers, the stored message as it is. */
export function message(service: string, row: HistoryRow): BusMessage {
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
